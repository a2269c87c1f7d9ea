"""What the lines of a file are worth as boundaries: by a rank of their own, else by their tags or class."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.files.line_ranks import CLASS, TAGS
from boundaries.files.line_tags import are_silent, rank_by_tags, with_tags
from geogrid.blocks import barriers as rank
from geogrid.blocks.water import RIVER
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
    "kind_detail",
)
"""Columns that say what a street is, the first found counts; `highway` and other tags are read by their keys."""

_KINDS: Final = frozenset(
    {"highway", "railway", "waterway", RIVER, "bank", "coastline", "wall", "ridge", "parcel", "limit"}
)
"""What a column ``kind`` of files that GeoGrid wrote says; one of other words is a class."""

_ALL_LINES: Final = ("other_tags", "railway", "waterway", "barrier", "natural", "man_made")
"""With one of these columns beside ``highway`` a file holds lines of every sort, and those without a class are none."""

_TOLD: Final = 8


def ranked(frame: gpd.GeoDataFrame, name: str, *, default: int) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return lines with ``rank``, ``name`` and ``kind``, and what could not be told from their class.

    Parameters
    ----------
    frame : GeoDataFrame
        With a column ``rank`` of 0 to 9, else one of `CLASS_COLUMNS` and the tags of OpenStreetMap, else neither.
    name : str
        Of the file, for messages.
    default : int
        Rank where no column says any.

    Returns
    -------
    GeoDataFrame
        Without the lines that are no barriers, such as platforms and tunnels; these are told.

    Raises
    ------
    InvalidInputError
        A rank that is none, or a file of nothing but lines that divide no land.
    """
    frame = _with_known_names(with_tags(frame, TAGS))
    named = frame["name"] if "name" in frame else pd.Series(np.nan, index=frame.index, dtype="object")
    problems: list[Problem] = []
    if "rank" in frame:
        ranks: pd.Series[float] = _given(frame["rank"], name).astype(float)
        kinds = pd.Series("highway", index=frame.index, dtype="object")
        if not _has_own_kinds(frame):
            kinds = rank_by_tags(_tags(frame), default=default, named=named.notna()).kind
    else:
        ranks, kinds, problems = _by_tags(frame, name, default=default, named=named.notna())
    if _has_own_kinds(frame):
        kinds = frame["kind"].fillna("highway").astype(str)
    # An outline of a river is its banks.
    kinds = kinds.mask((kinds == RIVER) & frame.geometry.is_closed, "bank")
    columns = {"name": named, "rank": ranks, "kind": kinds.astype(str)}
    lines = gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=frame.crs)[ranks.notna()]
    return lines.astype({"rank": np.int64}), problems


def _with_known_names(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame whose columns of known names are in small letters, as shapefiles and databases often have not."""
    known = {*TAGS, *CLASS_COLUMNS, "rank", "kind", "name"}
    taken = set(map(str, frame.columns))
    small = {column: str(column).strip().lower().replace("is_tunnel", "tunnel") for column in frame.columns}
    return frame.rename(columns={old: new for old, new in small.items() if new in known and new not in taken})


def _has_own_kinds(frame: gpd.GeoDataFrame) -> bool:
    return "kind" in frame and bool(frame["kind"].dropna().isin(_KINDS).all())


def _tags(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    tags = pd.DataFrame({tag: frame[tag] for tag in TAGS if tag in frame}, index=frame.index)
    column = next((column for column in CLASS_COLUMNS if column in frame), None)
    if column is None and "kind" in frame and not _has_own_kinds(frame):
        column = "kind"
    if column is not None and column != "highway":
        tags[CLASS] = frame[column]
    return tags


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


def _by_tags(
    frame: gpd.GeoDataFrame, name: str, *, default: int, named: "pd.Series[bool]"
) -> tuple["pd.Series[float]", "pd.Series[str]", list[Problem]]:
    tags, silent = _tags(frame), are_silent(_tags(frame))
    # Beside other lines those without a class are no streets.
    mixed = any(column in frame for column in _ALL_LINES)
    found = rank_by_tags(tags, default=default, named=named, silent=None if mixed else default)
    problems = unknown_problems(found.unknown, name, default) + _left_out(found.left_out, name)
    ranks, taken = found.rank, f"taken as '{rank.RANK_NAMES[default]}'"
    if silent.any() and not mixed:
        message = f"{name}: {int(silent.sum()):,} lines have no class, {taken}."
        if silent.all():
            message = f"{name} does not say what its lines are; all are {taken}."
        remedy = f"Give them a column 'rank' of 0 to 9, or one of {', '.join(CLASS_COLUMNS[2:6])}."
        problems.append(Problem("no-class", message, remedy, severity="warning", subject=name))
    if ranks.isna().all():
        raise InvalidInputError.of(
            "no-barriers",
            f"{name}: none of its {len(frame):,} lines divides the land.",
            "Give streets, rail, water or walls; tunnels, platforms and the like bound no block.",
            subject=name,
        )
    return ranks, found.kind, problems


def unknown_problems(unknown: Mapping[str, int], name: str, default: int) -> list[Problem]:
    """Return what was made of values that the tables do not know, for a file of a name."""
    streets = {value: count for value, count in unknown.items() if value.startswith(("highway=", f"{CLASS}="))}
    others = {value: count for value, count in unknown.items() if value not in streets}
    sentences = (
        (streets, f"have classes without a rank, taken as '{rank.RANK_NAMES[default]}'"),
        (others, "have tags without a rank, taken as no barriers"),
    )
    return [
        Problem(
            "unknown-class",
            f"{name}: {sum(counts.values()):,} lines {what}: {_listed(counts)}.",
            "Correct the values, or add a column 'rank'.",
            severity="warning",
            subject=name,
            size=float(sum(counts.values())),
            unit="lines",
        )
        for counts, what in sentences
        if counts
    ]


def _left_out(counts: Mapping[str, int], name: str) -> list[Problem]:
    if not counts:
        return []
    message = f"{name}: {sum(counts.values()):,} lines divide no land and are left out: {_listed(counts)}."
    remedy = "Add a column 'rank' if they are to bound blocks."
    return [Problem("no-barrier", message, remedy, "warning", name, size=float(sum(counts.values())), unit="lines")]


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = f" and {len(ordered) - _TOLD} more" if len(ordered) > _TOLD else ""
    told = (f"{value.removeprefix(f'{CLASS}=')} ({count:,})" for value, count in ordered[:_TOLD])
    return ", ".join(told) + more
