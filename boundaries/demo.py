"""The whole main job on real streets of central Helsinki: grids, an edition, duties, addresses and complaints."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.addresses.answers import GeocodeAnswer
from boundaries.addresses.geocoding import geocode_many, import_addresses
from boundaries.cases.reading import NewCase, add_cases
from boundaries.cases.tables import Case
from boundaries.editions.reading import compile_edition
from boundaries.files.addresses.reading import read_addresses
from boundaries.files.osm import helsinki_extract
from boundaries.files.towns import LayerSource, TownFiles, Wishes, divide_town, read_town
from boundaries.files.towns.carving import SiteWishes
from boundaries.files.towns.storing import TownChoice, store_town
from boundaries.files.towns.town import Town, town_of
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.storing import save_duties
from boundaries.publishing.publish import publish
from geogrid.cases.complaints import write_complaints
from geogrid.editions import Edition
from geogrid.partition import SchemeLevel
from geogrid.types import LevelName

JURISDICTION = "helsinki"
SOURCE = "demo"
BAND = (300.0, 600.0)
COMPLAINTS = 2_000
_COMMUNITIES = 6
_DAYS_TO_CLOSE = 6.0
_SEED = 20_260_101
_ZONE = ZoneInfo("Europe/Helsinki")
_PERIOD = (datetime(2026, 1, 1, tzinfo=_ZONE), datetime(2026, 7, 1, tzinfo=_ZONE))
_LEVELS = (LevelName("district", "街道"), LevelName("community", "社区"), LevelName("grid", "网格"))
_ROLES = {1: "district lead 街道负责人", 2: "grid chief 网格长", 3: "gridder 网格员"}
_NAMES = ("Aino", "Eero", "Helmi", "Ilmari", "Kaisa", "Lauri", "Maija", "Onni", "Sofia", "Väinö")
_FAMILIES = ("Korhonen", "Virtanen", "Mäkinen", "Nieminen", "Lindqvist", "Heikkinen", "Koskinen", "Salonen", "Wang 王")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the demo has stored.

    `right` complaints are in the grid of the address that was meant; `shared` others bear a number with doors in
    several grids, of which the found one is another: words cannot tell them apart.
    """

    blocks: int
    comprehensive: int
    dedicated: int
    in_band: int
    complaints: int
    located: int
    right: int
    shared: int


def has_demo(session: Session) -> bool:
    """Return whether the demo's complaints are stored already."""
    stored = select(Case.id).join(Jurisdiction, Jurisdiction.id == Case.jurisdiction_id)
    found = session.scalar(stored.where(Jurisdiction.code == JURISDICTION, Case.source == SOURCE).limit(1))
    return found is not None


def run_demo(session: Session, tell: Tell) -> DemoSummary:
    """Run the main job on the extract of Helsinki, in the caller's transaction.

    Parameters
    ----------
    session : Session
        Flushed, not committed: interrupted, nothing is stored.
    tell : callable
        Takes a sentence after each stage.

    Returns
    -------
    DemoSummary
        The same for every run: the seed is fixed.
    """
    rng = np.random.default_rng(_SEED)
    town = _town()
    addresses = read_addresses(helsinki_extract(), columns={})
    tell(f"Read {len(town.barriers):,} streets, rails and banks, {len(town.buildings):,} buildings.")
    leaves = town.grids[town.grids["level"] == len(_LEVELS)]
    tell(f"Cut {len(town.blocks):,} blocks and joined them to {len(leaves):,} grids on {len(_LEVELS)} levels.")
    jurisdiction, plan = _publish(session, town, addresses, rng)
    tell(f"Published the edition {plan.name!r} with {len(addresses):,} addresses to search.")
    doors = addresses[addresses["street"].notna() & addresses["house_number"].notna()].reset_index(drop=True)
    complaints = write_complaints(doors, COMPLAINTS, rng=rng, period=_PERIOD)
    edition = compile_edition(session, plan, at=_PERIOD[1])
    meant = doors.geometry.iloc[complaints["address_row"]]
    true_positions = edition.index.locate(meant.x.to_numpy(), meant.y.to_numpy())
    complaints["closed_at"] = _closing_times(complaints, rng)
    positions = _take_in(session, jurisdiction, edition, complaints)
    located = int((positions >= 0).sum())
    right = int(((positions >= 0) & (positions == true_positions)).sum())
    shared = _with_other_doors(edition, doors, complaints, positions) - right
    tell(
        f"Found the grid of {located:,} of {len(complaints):,} complaints by their words; {right:,} are in the grid of "
        f"the address that was meant, {shared:,} in that of another door of the same number."
    )
    comprehensive = leaves[leaves["kind"] == "comprehensive"]
    return DemoSummary(
        blocks=len(town.blocks),
        comprehensive=len(comprehensive),
        dedicated=len(leaves) - len(comprehensive),
        in_band=int(comprehensive["in_band"].sum()),
        complaints=len(complaints),
        located=located,
        right=right,
        shared=shared,
    )


def _with_other_doors(
    edition: Edition, addresses: gpd.GeoDataFrame, complaints: pd.DataFrame, positions: NDArray[np.int32]
) -> int:
    """Return how many complaints are in a grid in which the address that was meant has a door."""
    doors = edition.index.locate(addresses.geometry.x.to_numpy(), addresses.geometry.y.to_numpy())
    numbers = list(zip(addresses["street"], addresses["house_number"], strict=True))
    known = set(zip(numbers, doors.tolist(), strict=True))
    found = zip(complaints["address_row"].tolist(), positions.tolist(), strict=True)
    return sum(position >= 0 and (numbers[row], position) in known for row, position in found)


def _town() -> Town:
    """Return the town as `geogrid import town` cuts it from an extract."""
    source = LayerSource(helsinki_extract())
    layers = read_town(TownFiles(streets=source, buildings=source, sites=source, limit=source))
    scheme = (
        SchemeLevel(_LEVELS[0].name),
        SchemeLevel(_LEVELS[1].name, n_grids=_COMMUNITIES),
        SchemeLevel(_LEVELS[2].name, band=BAND),
    )
    # Every site has a grid of its own, so that the demo shows each kind.
    wishes = Wishes(scheme, prefix="HEL", sites=SiteWishes(ratio=None, homes="dedicated"))
    return town_of(layers, divide_town(layers, wishes, _untold), wishes, _LEVELS)


@contextmanager
def _untold(_name: str, _unit: str) -> Iterator[Callable[[int], None]]:
    """Open a stage that nobody watches."""
    yield lambda _count: None


def _publish(
    session: Session, town: Town, addresses: gpd.GeoDataFrame, rng: np.random.Generator
) -> tuple[Jurisdiction, Plan]:
    source = "OpenStreetMap, partitioned by GeoGrid"
    choice = TownChoice(JURISDICTION, "Central Helsinki", "First edition", _ZONE.key, source)
    jurisdiction, plan = store_town(session, town, choice)
    import_addresses(session, jurisdiction.id, addresses, "openstreetmap")
    save_duties(session, plan, _duties(town.grids, rng))
    return jurisdiction, publish(session, plan, valid_from=_PERIOD[0])


def _duties(grids: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return one invented person for each grid."""
    count = len(grids)
    names = [f"{rng.choice(_NAMES)} {rng.choice(_FAMILIES)}" for _ in range(count)]
    return pd.DataFrame(
        {
            "grid": grids["code"],
            "role": grids["level"].map(_ROLES),
            "holder": names,
            "phone": [f"+358 40 555 {number:04d}" for number in range(1, count + 1)],
        }
    )


def _closing_times(complaints: pd.DataFrame, rng: np.random.Generator) -> "pd.Series[pd.Timestamp]":
    """Return when each complaint was dealt with: after days, missing where that lies after the period."""
    days = rng.gamma(shape=1.2, scale=_DAYS_TO_CLOSE, size=len(complaints))
    closed: pd.Series[pd.Timestamp] = complaints["reported_at"] + pd.to_timedelta(days, unit="D")
    return closed.where(closed < _PERIOD[1])


def _take_in(
    session: Session, jurisdiction: Jurisdiction, edition: Edition, complaints: pd.DataFrame
) -> NDArray[np.int32]:
    """Store the complaints with the grid of their address; return the position of each one's grid, -1 for none."""
    answers = geocode_many(session, jurisdiction.id, list(complaints["address"]))
    lon = np.array([np.nan if answer is None else answer.lon for answer in answers])
    lat = np.array([np.nan if answer is None else answer.lat for answer in answers])
    positions = edition.index.locate(lon, lat)
    cases = [
        _case(number, row, answer, edition.leaves[position].id if position >= 0 else None)
        for number, (row, answer, position) in enumerate(
            zip(complaints.to_dict("records"), answers, positions.tolist(), strict=True), start=1
        )
    ]
    add_cases(session, jurisdiction.id, cases)
    return positions


def _case(number: int, row: Mapping[Hashable, Any], answer: GeocodeAnswer | None, grid_id: int | None) -> NewCase:
    return NewCase(
        source=SOURCE,
        source_key=str(number),
        external_id=f"DEMO-{number:05d}",
        reported_at=row["reported_at"],
        status="open" if pd.isna(row["closed_at"]) else "closed",
        closed_at=None if pd.isna(row["closed_at"]) else row["closed_at"],
        channel=row["channel"],
        category=row["category"],
        text=row["text"],
        address=row["address"],
        lon=None if answer is None else answer.lon,
        lat=None if answer is None else answer.lat,
        located_by=None if answer is None else "address",
        positional_error_m=0.0 if answer is None else answer.positional_error_m,
        grid_id=grid_id,
        attributes={"subcategory": row["subcategory"]},
        placing={} if answer is None else {"score": answer.score, "matched": answer.address},
    )
