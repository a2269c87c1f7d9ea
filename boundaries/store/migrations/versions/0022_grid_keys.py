"""Keys of grids: what outlives a redraw. Grids that are there get theirs by what lineage knows."""

from importlib import resources
from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TRIGGER: Final = "grids_of_editions_not_updated"
_FILL: Final = """
do $$
declare
    edition record;
begin
    -- Editions from the first on: a grid that has over half of the load of one before has its key.
    for edition in
        select id, jurisdiction_id, lower(validity) as begins,
            lag(id) over (partition by jurisdiction_id order by lower(validity)) as former
        from plans where validity is not null order by jurisdiction_id, lower(validity)
    loop
        update grids g set key_id = carried.key_id
        from (
            select distinct on (l.after_id) l.after_id, b.key_id
            from lineage l join grids b on b.id = l.before_id join grids a on a.id = l.after_id
            where a.plan_id = edition.id and b.plan_id = edition.former and l.is_same and l.share > 0.5
            order by l.after_id, l.area_m2 desc, b.key_id
        ) as carried
        where g.id = carried.after_id;
        -- One that the former has not, and the edition that this one was made from had: where it has over half the
        -- land of the last that had it, it comes back.
        update grids g set key_id = origin.key_id
        from grids origin
        where g.plan_id = edition.id and g.key_id is null
            and origin.plan_id = edition_before(edition.id) and origin.code = g.code and origin.level = g.level
            and not exists (select from grids f where f.plan_id = edition.former and f.key_id = origin.key_id)
            and (
                select ST_Equals(g.geom, last.geom)
                    or ST_Area(ST_Intersection(ST_MakeValid(g.geom), ST_MakeValid(last.geom))) > ST_Area(last.geom) / 2
                from grids last join plans p on p.id = last.plan_id
                where last.key_id = origin.key_id and lower(p.validity) < edition.begins
                order by lower(p.validity) desc limit 1
            );
        perform new_grid_keys(edition.id, edition.jurisdiction_id);
    end loop;
    -- Drafts have what the grid of the same code has in what they were made from.
    for edition in select id, jurisdiction_id, based_on from plans where validity is null order by id loop
        update grids g set key_id = b.key_id from grids b
        where g.plan_id = edition.id and b.plan_id = edition.based_on and b.code = g.code and b.level = g.level;
        perform new_grid_keys(edition.id, edition.jurisdiction_id);
    end loop;
end $$;
"""
_NEW_KEYS: Final = """
create function new_grid_keys(plan int, town int) returns void language sql as $$
    with keyless as (
        select id, row_number() over (order by id) as place from grids where plan_id = plan and key_id is null
    ),
    made as (
        insert into grid_keys (jurisdiction_id) select town from keyless returning id
    ),
    numbered as (select id, row_number() over (order by id) as place from made)
    update grids g set key_id = numbered.id
    from keyless join numbered using (place) where g.id = keyless.id
$$
"""
_BEFORE: Final = """
create function edition_before(plan int) returns int language sql as $$
    -- The edition that a plan was made from, through drafts.
    with recursive chain as (
        select based_on, 1 as step from plans where id = plan
        union all
        select p.based_on, step + 1 from chain join plans p on p.id = chain.based_on where p.validity is null
    )
    select based_on from chain order by step desc limit 1
$$
"""


def upgrade() -> None:
    op.create_table(
        "grid_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_grid_keys_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_keys")),
        comment="Keys of grids (网格身份): what redraws and codes that change leave as it is",
    )
    op.create_index("ix_grid_keys_jurisdiction", "grid_keys", ["jurisdiction_id"])
    told = "What outlives a redraw: a grid that keeps over half its load keeps it"
    op.add_column("grids", sa.Column("key_id", sa.BigInteger(), nullable=True, comment=told))
    op.execute(f"alter table grids disable trigger {_TRIGGER}")
    op.create_index("ix_grids_key", "grids", ["key_id"])
    op.execute(_NEW_KEYS)
    op.execute(_BEFORE)
    op.get_bind().exec_driver_sql(_FILL)
    op.execute("drop function new_grid_keys(int, int)")
    op.execute("drop function edition_before(int)")
    op.execute(f"alter table grids enable trigger {_TRIGGER}")
    op.alter_column("grids", "key_id", nullable=False, existing_type=sa.BigInteger(), existing_comment=told)
    op.create_foreign_key(op.f("fk_grids_key_id_grid_keys"), "grids", "grid_keys", ["key_id"], ["id"])
    op.create_unique_constraint(
        op.f("uq_grids_plan_id_key_id"), "grids", ["plan_id", "key_id"], deferrable=True, initially="IMMEDIATE"
    )
    sql = resources.files("boundaries.store").joinpath("sql/grid_keys.sql").read_text("utf-8")
    # Not text(): it would read the colons of casts as parameters.
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    op.execute("drop trigger grids_get_keys on grids")
    op.execute("drop function give_grid_key()")
    op.drop_column("grids", "key_id")
    op.drop_table("grid_keys")
