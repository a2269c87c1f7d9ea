"""What the lines of a file are worth as boundaries: ranks by class, as maps of several origins name them."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.files.osm import HIGHWAY_RANKS, RAIL_RANKS, WATER_RANKS
from geogrid.blocks import barriers as rank
from geogrid.errors import InvalidInputError, Problem

CLASS_COLUMNS: Final = (
    "street_class",
    "street_cla",
    "highway",
    "fclass",
    "class",
    "road_class",
    "type",
    "等级",
    "道路等级",
    "类型",
)
"""Columns that say what a street is, the first found counts."""

CLASS_RANKS: Final[Mapping[str, int]] = {
    **HIGHWAY_RANKS,
    **RAIL_RANKS,
    **WATER_RANKS,
    "railway": rank.RAIL_WATER_MOTORWAY,
    "water": rank.RAIL_WATER_MOTORWAY,
    "riverbank": rank.RAIL_WATER_MOTORWAY,
    "expressway": rank.RAIL_WATER_MOTORWAY,
    "limit": rank.LIMIT,
    "wall": rank.PEDESTRIAN,
    "arterial": rank.PRIMARY,
    "collector": rank.TERTIARY,
    "local": rank.RESIDENTIAL,
    "lane": rank.RESIDENTIAL,
    "alley": rank.PEDESTRIAN,
    "高速公路": rank.RAIL_WATER_MOTORWAY,
    "快速路": rank.RAIL_WATER_MOTORWAY,
    "铁路": rank.RAIL_WATER_MOTORWAY,
    "河流": rank.RAIL_WATER_MOTORWAY,
    "国道": rank.PRIMARY,
    "省道": rank.PRIMARY,
    "主干路": rank.PRIMARY,
    "主干道": rank.PRIMARY,
    "县道": rank.SECONDARY,
    "次干路": rank.SECONDARY,
    "次干道": rank.SECONDARY,
    "乡道": rank.TERTIARY,
    "支路": rank.TERTIARY,
    "村道": rank.RESIDENTIAL,
    "街坊路": rank.RESIDENTIAL,
    "巷": rank.RESIDENTIAL,
    "围墙": rank.PEDESTRIAN,
    "小路": rank.FOOTPATH,
}
"""Rank by class. A ``*_link`` ranks as its class; a class not listed ranks as a residential street, and is told."""

_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys((*RAIL_RANKS, "railway", "铁路"), "railway"),
    **dict.fromkeys((*WATER_RANKS, "water", "riverbank", "河流"), "waterway"),
    **dict.fromkeys(("wall", "围墙"), "wall"),
    "limit": "limit",
}
"""What a line of a class is, where it is no street."""

_TOLD: Final = 8


def ranked(frame: gpd.GeoDataFrame, name: str, *, default: int) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return lines with ``rank``, ``name`` and ``kind``, and what could not be told from their class.

    Parameters
    ----------
    frame : GeoDataFrame
        With a column ``rank`` of 0 to 9, else one of `CLASS_COLUMNS`, else neither.
    name : str
        Of the file, for messages.
    default : int
        Rank where no column says any.

    Raises
    ------
    InvalidInputError
        A rank that is none.
    """
    named = frame["name"] if "name" in frame else pd.Series(np.nan, index=frame.index, dtype="object")
    if "rank" in frame:
        ranks = _given(frame["rank"], name)
        problems: list[Problem] = []
    else:
        ranks, problems = _by_class(frame, name, default)
    columns = {"name": named, "rank": ranks, "kind": _kinds(frame)}
    return gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=frame.crs), problems


def _kinds(frame: gpd.GeoDataFrame) -> "pd.Series[str]":
    """Return what each line is: as a column ``kind`` says, else by its class, else a street."""
    if "kind" in frame:
        given: pd.Series[str] = frame["kind"].fillna("highway").astype(str)
        return given
    column = next((column for column in CLASS_COLUMNS if column in frame), None)
    classes = pd.Series("", index=frame.index) if column is None else frame[column].astype("str")
    kinds = classes.str.strip().str.lower().map(_KINDS)
    for kind in ("railway", "waterway"):
        if kind in frame:
            kinds = kinds.fillna(frame[kind].notna().map({True: kind}))
    settled: pd.Series[str] = kinds.fillna("highway").astype(str)
    return settled


def _given(column: "pd.Series[int]", name: str) -> "pd.Series[int]":
    numbers = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna() | (numbers % 1 != 0) | (numbers < 0) | (numbers >= rank.RANK_COUNT)
    if bad.any():
        rows = column[bad]
        raise InvalidInputError.of(
            "bad-rank",
            f"{name}: {len(rows):,} lines have no rank of 0 to 9; row {rows.index[0]} has {rows.iloc[0]!r}.",
            "Correct the column 'rank', or rename it to have the streets ranked by their class.",
        )
    return numbers.astype(np.int64)


def _by_class(frame: gpd.GeoDataFrame, name: str, default: int) -> tuple["pd.Series[int]", list[Problem]]:
    column = next((column for column in CLASS_COLUMNS if column in frame), None)
    classes = pd.Series(np.nan, index=frame.index, dtype="object") if column is None else frame[column]
    found = classes.astype("str").str.strip().str.lower().str.removesuffix("_link").map(CLASS_RANKS)
    for further, table in (("railway", RAIL_RANKS), ("waterway", WATER_RANKS)):
        if further in frame:
            found = found.fillna(frame[further].astype("str").map(table))
    problems = []
    if column is None and found.isna().all():
        message = f"{name} does not say what its lines are; all rank as '{rank.RANK_NAMES[default]}'."
        remedy = f"Give them a column 'rank' of 0 to 9, or one of {', '.join(CLASS_COLUMNS[2:6])}."
        problems.append(Problem("no-class", message, remedy, severity="warning", subject=name))
    elif column is not None:
        unknown = classes[found.isna() & classes.notna()].astype(str).value_counts()
        if len(unknown):
            told = ", ".join(f"{value} ({count:,})" for value, count in unknown.head(_TOLD).items())
            message = f"{name}: {column} has values without a rank, taken as '{rank.RANK_NAMES[default]}': {told}."
            problems.append(Problem("unknown-class", message, "Add a column 'rank'.", severity="warning", subject=name))
    return found.fillna(default).astype(np.int64), problems
