"""The areas that addresses lie in, as addresses of their own: districts, towns and communities."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.addresses.normalise import normalise

AREAS = "areas of addresses"
"""Source of the areas that are derived from the addresses in them."""
LEARNED = "learned"
"""Source of the addresses that were learned from choices."""

# Areas that addresses name and nobody has imported: in the middle of their addresses, as large as these spread.
_DROP_AREAS = text("delete from addresses where jurisdiction_id = :jurisdiction_id and source = :source")
_ADD_AREAS = text(
    """
    with known as (
        select province, city, district, town, community, st_extent(geom) as box
        from addresses
        where jurisdiction_id = :jurisdiction_id and source <> :learned and district || town || community <> ''
        group by grouping sets
            ((province, city, district, town, community), (province, city, district, town), (province, city, district))
    ), ladder as (
        select coalesce(province, '') as province, coalesce(city, '') as city, coalesce(district, '') as district,
               coalesce(town, '') as town, coalesce(community, '') as community, box
        from known
        where (community <> '') or (community is null and town <> '') or (town is null and district <> '')
    )
    insert into addresses
        (jurisdiction_id, source, source_key, province, city, district, town, community, areas, geom, error_m)
    select :jurisdiction_id, :source, concat_ws('|', province, city, district, town, community),
           province, city, district, town, community, '', st_setsrid(st_centroid(box), 4326),
           st_distance(st_setsrid(st_point(st_xmin(box), st_ymin(box)), 4326)::geography,
                       st_setsrid(st_point(st_xmax(box), st_ymax(box)), 4326)::geography) / 2
    from ladder
    where not exists (
        select from addresses a
        where a.jurisdiction_id = :jurisdiction_id and (a.district, a.town, a.community)
              = (ladder.district, ladder.town, ladder.community)
          and a.street || a.name || a.estate || a.village_group = ''
    )
    """
)


def add_areas(session: Session, jurisdiction_id: int) -> None:
    """Make the areas that addresses lie in addresses of their own, found by name, in place of those made before.

    Parameters
    ----------
    session : Session
        Not committed.
    jurisdiction_id : int
        Whose gazetteer.
    """
    asked = {"jurisdiction_id": jurisdiction_id, "source": AREAS}
    session.execute(_DROP_AREAS, asked)
    session.execute(_ADD_AREAS, {**asked, "learned": LEARNED})
    unfolded = text(
        "select id, province, city, district, town, community from addresses "
        "where jurisdiction_id = :jurisdiction_id and source = :source"
    )
    folded = [
        {"id": identifier, "areas": " ".join(filter(None, map(normalise, names)))}
        for identifier, *names in session.execute(unfolded, asked).all()
    ]
    if folded:
        session.execute(text("update addresses set areas = :areas where id = :id"), folded)
