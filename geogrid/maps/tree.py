"""The tree of grids as the maps tell of it: chains, names, and the layers by level."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coordinates.meridian import frame_counted_on
from geogrid.editions.fields import DUTY_FIELD, GRID_COLUMNS, LOADS
from geogrid.errors import InvalidInputError
from geogrid.maps.labels import Language, label, word
from geogrid.maps.page import number
from geogrid.types import FloatArray

_COLUMNS: Final = (*(name for name in GRID_COLUMNS if name not in LOADS), DUTY_FIELD.name)


@dataclass(frozen=True, slots=True)
class MapGrids:
    """Grids of one edition in a fixed order: by level, then by code.

    Parameters
    ----------
    table : GeoDataFrame
        Text columns without missing values (an empty text instead), level as int, loads as float64.
    """

    table: gpd.GeoDataFrame

    @classmethod
    def of(cls, grids: gpd.GeoDataFrame) -> "MapGrids":
        """Check and order the grids.

        Raises
        ------
        InvalidInputError
            A needed column is missing, or the coordinates are not longitude and latitude.
        """
        missing = [name for name in ("code", "level", "kind") if name not in grids]
        if missing:
            raise InvalidInputError.of(
                "no-column", f"The grids have no column {', '.join(missing)}.", "Name the columns as the store does."
            )
        require_lonlat(grids, "grids")
        # A town on both sides of 180 degrees is one town on the map.
        table = frame_counted_on(grids)
        for name in _COLUMNS:
            if name == "level":
                table[name] = table[name].astype(int)
            else:
                table[name] = text_column(table, name)
        table = table.sort_values(["level", "code"], kind="stable").reset_index(drop=True)
        return cls(table)

    def __len__(self) -> int:
        """Return the number of grids of every level."""
        return len(self.table)

    @property
    def leaves(self) -> gpd.GeoDataFrame:
        """The grids that no other grid is within; index as in `table`."""
        return self.table[self.table["kind"] != "parent"]

    @property
    def level_names(self) -> dict[int, str]:
        """Name of every level, the top first; names that occur twice are numbered."""
        first = self.table.groupby("level")["level_name"].first().to_dict()
        names = {int(level): str(name) or str(level) for level, name in first.items()}
        several = {name for name in names.values() if list(names.values()).count(name) > 1}
        return {level: f"{name} {level}" if name in several else name for level, name in names.items()}

    def positions_above(self) -> dict[str, tuple[int, ...]]:
        """Return, by code, the positions of the grid and of those above it, leaf first."""
        position = {code: place for place, code in enumerate(self.table["code"])}
        parents = self.table["parent"].to_list()
        chains = {}
        for code, place in position.items():
            chain = [place]
            while (above := position.get(parents[chain[-1]])) is not None and above not in chain:
                chain.append(above)
            chains[code] = tuple(chain)
        return chains

    def details(self, language: Language, loads: Mapping[int, Mapping[str, str]] | None = None) -> list[dict[str, Any]]:
        """Return heading and rows of the panel that opens on each grid, in the order of `table`.

        Parameters
        ----------
        language : {"zh", "en", "both"}
            Of the labels.
        loads : mapping of position to texts by column, optional
            What is told of a load instead of its bare number, or beside the usual loads.
        """
        above, names = self.positions_above(), self.table["name"].to_list()
        contacts = text_column(self.table, "contact").to_list()
        texts = []
        for place, row in enumerate(self.table.itertuples(index=False)):
            kind = label(row.kind, language) if row.kind in {"comprehensive", "dedicated", "parent"} else row.kind
            if row.category:
                kind = f"{kind} · {word(row.category, language)}"
            chain = " › ".join(names[position] for position in reversed(above[row.code][1:]))
            rows = [
                [label("code", language), row.code],
                [label("level", language), row.level_name],
                [label("kind", language), kind],
                [label("chain", language), chain],
                # Who can be called stands below, with those of the grids above.
                [label("duty", language), "" if contacts[place] else row.duty],
                *(
                    [word(name, language), text]
                    for name, text in _load_texts(row, (loads or {}).get(place, {})).items()
                ),
            ]
            told = {"title": row.name or row.code, "rows": [pair for pair in rows if pair[1]], "code": row.code}
            calls = [[names[position], contacts[position]] for position in above[row.code] if contacts[position]]
            texts.append(told | ({"calls": calls} if calls else {}))
        return texts


def _load_texts(row: Any, texts: Mapping[str, str]) -> dict[str, str]:
    usual = {name: float(getattr(row, name)) for name in LOADS if hasattr(row, name)}
    return {name: number(value) for name, value in usual.items() if np.isfinite(value)} | dict(texts)


def require_lonlat(layer: gpd.GeoDataFrame | gpd.GeoSeries, what: str) -> None:
    """Raise `InvalidInputError` unless the layer is in EPSG:4326, or states nothing."""
    if layer.crs is not None and layer.crs.to_epsg() != 4326:  # noqa: PLR2004 - the EPSG code of WGS 84
        raise InvalidInputError.of(
            "crs", f"The {what} are in {layer.crs.to_string()}; maps need longitude and latitude.", "Use to_crs(4326)."
        )


def text_column(table: pd.DataFrame, name: str) -> "pd.Series[str]":
    """Return a column as text, with an empty text where it is missing."""
    if name not in table:
        return pd.Series("", index=table.index, dtype=object)
    column = table[name].astype(object)
    return column.where(column.notna(), "").astype(str).astype(object)


def number_column(table: pd.DataFrame, name: str) -> FloatArray:
    """Return a column as numbers, NaN where it is missing."""
    if name not in table:
        return np.full(len(table), np.nan)
    return np.asarray(pd.to_numeric(table[name], errors="coerce"), dtype=np.float64)


def label_places(grids: gpd.GeoDataFrame) -> FloatArray:
    """Return longitude, latitude and radius of a circle inside each grid, degrees; where its name has most room."""
    shapes = grids.geometry.to_numpy()
    tolerance = np.maximum(0.05 * np.sqrt(shapely.area(shapes)), 1e-7)
    radii = shapely.maximum_inscribed_circle(shapes, tolerance)
    middle = shapely.get_coordinates(shapely.get_point(radii, 0))
    return np.column_stack([middle, shapely.length(radii)]) if len(shapes) else np.empty((0, 3))
