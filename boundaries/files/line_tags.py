"""Ranks of lines by their tags, as the tables of `boundaries.files.line_ranks` have them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from boundaries.files.line_ranks import (
    CLASS,
    CLASS_KINDS,
    CLASS_RANKS,
    KINDS,
    NO_LINES,
    TABLES,
    WIDE_LINES,
    WIDTHS,
)
from geogrid.blocks import barriers as rank
from geogrid.blocks.water import RIVER, WIDE_M

_TOLD_KEYS: Final = ("highway", "railway", "waterway", "barrier", CLASS)
_FALSE: Final = frozenset({"", "no", "n", "false", "f", "0", "0.0", "none", "nan", "null", "<na>", "-", "否", "无"})
_ON_THE_SURFACE: Final = frozenset({"avalanche_protector"})
_BELOW: Final = frozenset({"underground", "underwater"})
_SEVERAL: Final = re.compile(r"\s*[;,|]\s*")
_GRADE: Final = re.compile(r"(_link|_grade\d)$")
_FLOWING: Final = frozenset({"canal", "stream", "drain", "ditch", "沟渠"})
_LANES: Final = frozenset({"service", "footway"})


@dataclass(frozen=True, slots=True)
class TagRanks:
    """Ranks of lines by their tags.

    Parameters
    ----------
    rank : (n,) Series of float
        NaN for what is no barrier.
    kind : (n,) Series of str
        highway, railway, waterway, river (wide water as a line), bank, coastline, wall, ridge, limit.
    unknown : mapping of str to int
        Values that the tables do not know, as ``key=value``, with their number.
    left_out : mapping of str to int
        What is known to be no barrier, likewise; tunnels are ``tunnel``.
    """

    rank: "pd.Series[float]"
    kind: "pd.Series[str]"
    unknown: Mapping[str, int]
    left_out: Mapping[str, int]


def rank_by_tags(tags: pd.DataFrame, *, default: int, named: "pd.Series[bool]", silent: int | None = None) -> TagRanks:
    """Return the ranks of lines by their tags.

    Parameters
    ----------
    tags : (n, k) DataFrame
        Columns of `TAGS` and `CLASS`, those that are known; any types.
    default : int
        Rank of a ``highway`` or class that the tables do not know. Unknown values of other keys are no barriers.
    named : (n,) Series of bool
        Which lines have a name.
    silent : int, optional
        Rank of lines that no tag says anything of; without it they are no barriers.

    Notes
    -----
    What has several keys ranks by the highest. What is in a tunnel, below the surface or in a house is no barrier.
    """
    best = pd.Series(np.nan, index=tags.index, dtype="float64")
    if silent is not None:
        best = best.mask(are_silent(tags), float(silent))
    kind: pd.Series[str] = pd.Series("highway", index=tags.index, dtype="object")
    unknown: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for key in (CLASS, *TABLES):
        if key not in tags:
            continue
        for value, rows in tags.groupby(_words(tags[key]), sort=True).groups.items():
            found, its_kind, is_known = _rank_of(key, str(value), default)
            if key in _TOLD_KEYS and (found is None or not is_known):
                (left_out if is_known else unknown)[f"{key}={value}"] += len(rows)
            if found is not None:
                higher = rows[~(best[rows] >= found)]
                best[higher], kind[higher] = float(found), its_kind
    lanes = _are_named_lanes(tags, named) & best.isin([rank.SERVICE, rank.FOOTPATH])
    best = best.mask(lanes, float(rank.PEDESTRIAN))
    kind = _by_width(kind, tags)
    below = _are_below(tags)
    if below.any():
        left_out["tunnel"] += int((below & best.notna()).sum())
    return TagRanks(best.mask(below), kind, +unknown, +left_out)


def are_silent(tags: pd.DataFrame) -> "pd.Series[bool]":
    """Return which lines no key says the class of."""
    silent: pd.Series[bool] = pd.Series(data=True, index=tags.index)
    for key in (CLASS, *TABLES):
        if key in tags:
            silent &= _words(tags[key]).isna()
    return silent


def _rank_of(key: str, value: str, default: int) -> tuple[int | None, str, bool]:
    """Return the rank of a value or None, the kind of line, and whether the tables know it; of several the highest."""
    words = [_GRADE.sub("", word) for word in _SEVERAL.split(value.strip("[]")) if word]
    words = [word.strip("'\" ") for word in words]
    table = CLASS_RANKS if key == CLASS else TABLES[key]
    known = [word for word in words if word in table]
    if known:
        word = max(known, key=lambda name: table[name])
        kind = CLASS_KINDS.get(word, "highway") if key == CLASS else KINDS.get(key, key)
        kind = RIVER if word in WIDE_LINES else kind
        kind = "bank" if (key, word) == ("natural", "water") else kind
        return table[word], "coastline" if word == "coastline" else kind, True
    nothing = frozenset().union(*NO_LINES.values()) if key == CLASS else NO_LINES.get(key, frozenset())
    if words and all(word in nothing for word in words):
        return None, "", True
    return (default, "highway", False) if key in ("highway", CLASS) else (None, "", False)


def _by_width(kind: "pd.Series[str]", tags: pd.DataFrame) -> "pd.Series[str]":
    """Return kinds with what flows as a river where it tells that it is wide, and as none where it tells that not."""
    width: pd.Series[float] = pd.Series(np.nan, index=tags.index, dtype="float64")
    for key in WIDTHS:
        if key in tags:
            told = _words(tags[key]).str.extract(r"^(\d+(?:\.\d+)?)(?: ?m| ?米)?$", expand=False)
            width = width.fillna(pd.to_numeric(told, errors="coerce"))
    flows: pd.Series[bool] = pd.Series(data=False, index=tags.index)
    for key in ("waterway", CLASS):
        if key in tags:
            flows |= _words(tags[key]).isin(_FLOWING)
    # Nothing is 0 m wide: so files write what they do not know.
    narrow = (kind == RIVER) & (width > 0) & (width < WIDE_M)
    return kind.mask(narrow, "waterway").mask((kind == "waterway") & flows & (width >= WIDE_M), RIVER)


def _words(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return values in small letters; what says nothing is missing."""
    text = column.astype("object").where(column.notna(), "").astype(str).str.strip().str.lower()
    return text.where(~text.isin({"", "nan", "none", "null", "<na>"}))


def _are_named_lanes(tags: pd.DataFrame, named: "pd.Series[bool]") -> "pd.Series[bool]":
    lane: pd.Series[bool] = pd.Series(data=False, index=tags.index)
    for key in ("highway", CLASS):
        if key in tags:
            lane |= _words(tags[key]).isin(_LANES)
    for key in ("footway", "service"):
        if key in tags:
            lane &= _words(tags[key]).isna()
    return lane & named


def _are_below(tags: pd.DataFrame) -> "pd.Series[bool]":
    """Return which lines run in a tunnel, below the surface or in a house."""
    below: pd.Series[bool] = pd.Series(data=False, index=tags.index)
    for key in ("tunnel", "indoor"):
        if key in tags:
            below |= ~_words(tags[key]).fillna("no").isin(_FALSE | _ON_THE_SURFACE)
    if "location" in tags:
        below |= _words(tags["location"]).isin(_BELOW)
    if "layer" in tags:
        # In other files the column may hold anything, e.g. the name of a layer.
        below |= pd.to_numeric(tags["layer"], errors="coerce").fillna(0) < 0
    return below


def with_tags(frame: pd.DataFrame, tags: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame with tags as columns that stand in its column ``other_tags``, as GDAL writes them."""
    missing = [tag for tag in tags if tag not in frame]
    if "other_tags" not in frame or not missing:
        return frame
    other = frame["other_tags"].astype("str")
    found = {
        tag: other.str.extract(rf'(?:^|,)"{tag}"=>"((?:[^"\\]|\\.)*)"', expand=False)
        .str.replace(r"\\(.)", r"\1", regex=True)
        .astype("str")
        for tag in missing
    }
    return frame.assign(**found)
