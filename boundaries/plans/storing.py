"""Plans: which block belongs to which grid, stored whole."""

import json
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.grids.fields import STORED_COLUMNS
from boundaries.grids.tables import DutyRow, Grid, Plan
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.bulk_copy import copy_rows, hex_ewkb, new_ids, number_or_none
from geogrid.blocks.polygons import as_multi
from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, Problem
from geogrid.plans.state import require_known_load


def save_plan(  # noqa: PLR0913 - one keyword a column
    session: Session,
    jurisdiction: Jurisdiction,
    *,
    name: str,
    grids: gpd.GeoDataFrame,
    blocks: gpd.GeoDataFrame | None = None,
    band: tuple[float, float] | None = None,
    load: str = "households",
    source: str = "",
) -> Plan:
    """Store a draft plan with its grids and blocks.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction : Jurisdiction
        What the plan tiles.
    name : str
        Name for people.
    grids : GeoDataFrame
        EPSG:4326; columns code, name, level (1 is the top), parent (code, or None at the top), kind, category,
        geometry (Polygon or MultiPolygon); optional households, population, buildings, attributes (dict).
    blocks : GeoDataFrame, optional
        EPSG:4326; columns grid (code of a leaf), geometry (Polygon); optional loads as above, and id for blocks that
        are stored already (0 for new ones). Without it every polygon of a leaf is one block, with no load of its own
        unless the leaf is a single polygon.
    band : tuple of float, optional
        Limits of a leaf's load.
    load : str
        What the band balances.
    source : str
        Where the plan came from.

    Raises
    ------
    InvalidInputError
        A parent or a block's grid names no grid of the plan; everything of that sort is listed.
    """
    require_known_load(load)
    _check_references(grids, blocks)
    plan = Plan(jurisdiction_id=jurisdiction.id, name=name, load=load, source=source)
    if band is not None:
        plan.band_low, plan.band_high = band
    session.add(plan)
    session.flush()
    ids = _copy_grids(session, plan.id, grids)
    _copy_blocks(session, plan, _blocks_of(grids) if blocks is None else blocks, ids)
    return plan


def _check_references(grids: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame | None) -> None:
    codes = set(grids["code"])
    named = [("grid", code, parent) for code, parent in zip(grids["code"], grids["parent"], strict=True)]
    if blocks is not None:
        named += [("block", position, grid) for position, grid in enumerate(blocks["grid"])]
    problems = [
        Problem("unknown-grid", f"The {what} {which} names grid {code!r}, which the plan has not.", subject=str(which))
        for what, which, code in named
        if not pd.isna(code) and code not in codes
    ]
    if problems:
        raise InvalidInputError(problems)


def _copy_grids(session: Session, plan_id: int, grids: gpd.GeoDataFrame) -> dict[str, int]:
    ordered = grids.sort_values(["level", "code"], kind="stable")
    ids = dict(zip(ordered["code"], new_ids(session, "grids", len(ordered)), strict=True))
    geometries = hex_ewkb(as_multi(ordered.geometry.to_numpy()))
    rows = (
        (
            ids[row["code"]],
            plan_id,
            row["code"],
            row["name"],
            int(row["level"]),
            ids.get(row["parent"]),
            row["kind"],
            None if pd.isna(row["category"]) else row["category"],
            *_loads(row),
            json.dumps(row.get("attributes") or {}, ensure_ascii=False, default=str),
            geometry,
        )
        for row, geometry in zip(_records(ordered), geometries, strict=True)
    )
    copy_rows(session, "grids", ("id", "plan_id", *STORED_COLUMNS, "geom"), rows)
    return ids


def _copy_blocks(session: Session, plan: Plan, blocks: gpd.GeoDataFrame, grid_ids: dict[str, int]) -> None:
    ids = np.array(blocks["id"] if "id" in blocks else np.zeros(len(blocks)), dtype=np.int64)
    is_new = ids == 0
    ids[is_new] = new_ids(session, "blocks", int(is_new.sum()))
    fresh = blocks[is_new]
    rows = (
        (identifier, plan.jurisdiction_id, *_loads(row), geometry)
        for identifier, row, geometry in zip(
            ids[is_new].tolist(), _records(fresh), hex_ewkb(fresh.geometry.to_numpy()), strict=True
        )
    )
    copy_rows(session, "blocks", ("id", "jurisdiction_id", *LOADS, "geom"), rows)
    assigned = (
        (plan.id, identifier, grid_ids[code]) for identifier, code in zip(ids.tolist(), blocks["grid"], strict=True)
    )
    copy_rows(session, "assignments", ("plan_id", "block_id", "grid_id"), assigned)


def _blocks_of(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    leaves = grids[grids["kind"] != "parent"]
    parts, owner = shapely.get_parts(leaves.geometry.to_numpy(), return_index=True)
    blocks = gpd.GeoDataFrame({"grid": leaves["code"].to_numpy()[owner]}, geometry=parts, crs=grids.crs)
    whole = np.bincount(owner, minlength=len(leaves))[owner] == 1
    for load in LOADS:
        if load in leaves:
            blocks[load] = np.where(whole, leaves[load].to_numpy(dtype=float)[owner], np.nan)
    return blocks


def _records(frame: gpd.GeoDataFrame) -> Sequence[dict[str, Any]]:
    records: Sequence[dict[str, Any]] = frame.drop(columns=frame.geometry.name).to_dict("records")
    return records


def _loads(row: dict[str, Any]) -> tuple[float | None, ...]:
    return tuple(number_or_none(row.get(load)) for load in LOADS)


def save_duties(session: Session, plan: Plan, duties: pd.DataFrame) -> None:
    """Store who is on duty on the grids of a plan.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : Plan
        Draft or published.
    duties : DataFrame
        Columns grid (code), role, holder, phone.

    Raises
    ------
    InvalidInputError
        A grid is not in the plan; all of them are listed.
    """
    ids = dict(session.execute(select(Grid.code, Grid.id).where(Grid.plan_id == plan.id)).all())
    missing = sorted(set(duties["grid"]) - set(ids))
    if missing:
        raise InvalidInputError(
            Problem("unknown-grid", f"A duty names grid {code!r}, which plan {plan.name!r} has not.", subject=code)
            for code in missing
        )
    session.add_all(
        DutyRow(grid_id=ids[row["grid"]], role=row["role"], holder=row["holder"], phone=row["phone"])
        for row in duties.to_dict("records")
    )
    session.flush()
