"""What was found, as tables and maps show it."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geogrid.errors import InvalidInputError, Problem
from geogrid.hotspot.rates import FEW_CASES, rates
from geogrid.hotspot.records import HOTSPOT_STATES, HotspotFindings
from geogrid.hotspot.sentences import method_name, sentence, told_since
from geogrid.types import FloatArray
from geogrid.wording import html_table

if TYPE_CHECKING:
    from geogrid.maps import BaseMap, FoundSide, MapView


@dataclass(frozen=True, slots=True)
class Hotspots(HotspotFindings):
    """What was found, by grid, and how, with the sentence, the table and the map of it."""

    def _repr_html_(self) -> str:
        """Return what notebooks show: the sentence of the map, and how it was found."""
        rows: dict[str, str] = {
            "method 方法": self.choice.method,
            "base 基数": self.base or "–",
            "weights 邻接": self.weights or "–",
            "correction 校正": self.correction or "–",
            "level 水平": f"{self.choice.alpha:g}",
            "seed 种子": str(self.choice.seed),
            "cases 诉求": f"{self.n:,}",
            **{state: f"{self.count(state):,}" for state in HOTSPOT_STATES if self.count(state)},
        }
        told = "".join(f"<p>{html.escape(sentence(self, language))}</p>" for language in ("en", "zh"))
        return told + html_table("Hotspots 热点", rows)

    def to_frame(self, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the grids that were looked at, with what was found of each.

        Parameters
        ----------
        grids : GeoDataFrame
            With a column ``code``; each grid that was looked at once, in any order; others are left out.

        Returns
        -------
        GeoDataFrame
            In the order of `codes`, which are the index: ``state``, ``cases``, ``value``, ``p``, ``adjusted_p``.

        Raises
        ------
        InvalidInputError
            There is no such column, or a grid is missing or there twice.
        """
        if "code" not in grids:
            raise InvalidInputError.of("no-column", "The grids have no column 'code'.", "Name the column of the codes.")
        rows = pd.Index(grids["code"].astype(str))
        wanted = pd.Index([str(code) for code in self.codes])
        missing, twice = wanted.difference(rows), rows[rows.duplicated()].intersection(wanted)
        problems = [
            Problem("grids", f"{len(codes):,} of the grids {what}, e.g. {codes[0]}.", remedy)
            for codes, what, remedy in (
                (missing, "that were looked at are missing", "Give the grids of the same edition."),
                (twice, "stand there twice", "Give each grid once."),
            )
            if len(codes)
        ]
        if problems:
            raise InvalidInputError(problems)
        columns = {"state": self.state, "cases": self.cases, "value": self.value, "p": self.p}
        shapes = grids.geometry.to_numpy()[rows.get_indexer(wanted)]
        return gpd.GeoDataFrame(
            columns | {"adjusted_p": self.adjusted_p}, geometry=shapes, index=wanted.rename("code"), crs=grids.crs
        )

    def side(
        self,
        grids: gpd.GeoDataFrame,
        *,
        base: FloatArray | None = None,
        period: str = "",
        days: float | None = None,
        earlier: "Hotspots | None" = None,
    ) -> "FoundSide":
        """Return what `geogrid.maps.findings_map` draws of one period.

        Parameters
        ----------
        grids : GeoDataFrame
            As for `to_frame`, EPSG:4326; with a column ``name``, names are shown.
        base : (n,) float64, optional
            Households or residents, in the order of `codes`; without them there are no rates.
        period : str
            Whose cases these are; begins with the first day.
        days : float, optional
            Length of the period: rates are then those of 30 days, so that two periods compare.
        earlier : Hotspots, optional
            Of the period before: the sentence tells how many grids stand out since.
        """
        from geogrid.maps import FoundSide

        frame = self.to_frame(grids).reset_index()
        names = grids.set_index(grids["code"].astype(str))["name"] if "name" in grids else None
        told = pd.DataFrame(np.nan, index=frame.index, columns=["rate", "rate_low", "rate_high"])
        if base is not None and base.sum() > 0:
            found = rates(self.cases, base)
            expected = self.cases.sum() * base / base.sum()
            is_small = (base <= 0) | (np.maximum(self.cases, expected) < FEW_CASES)
            scale = np.where(is_small, np.nan, 1.0 if days is None else _MONTH_DAYS / days)
            told = pd.DataFrame(
                {"rate": found.rate * scale, "rate_low": found.low * scale, "rate_high": found.high * scale}
            )
        frame = frame.join(told)
        if names is not None:
            frame["name"] = names.reindex(frame["code"]).to_numpy()
        sentences = {
            language: told_since(self, earlier, period.partition(" ")[0], language) for language in ("zh", "en")
        }
        return FoundSide(frame, sentences, period)

    def explore(
        self, grids: gpd.GeoDataFrame, *, base: "BaseMap | None" = None, attribution: Sequence[str] = ()
    ) -> "MapView":
        """Return a map for a notebook, which loads nothing from the internet: states, counts, and the sentence.

        Parameters
        ----------
        grids : GeoDataFrame
            As for `to_frame`, EPSG:4326.
        base : BaseMap, optional
            Streets and buildings under the grids.
        attribution : sequence of str
            Sources of the data; shown on the map.
        """
        from geogrid.maps import MapView, findings_map

        name = method_name(self.choice.method, "both")
        return MapView(findings_map([self.side(grids)], value_name=name, base=base, attribution=attribution))


_MONTH_DAYS: Final = 30.0
