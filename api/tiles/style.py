"""The look of the grids in a vector map, as a MapLibre style: no font, icon or image has to be fetched."""

from typing import Any, Final

from fastapi import Request

from api.kit.links import address
from api.tiles.tilesets import tile_template
from boundaries.tiles.storing import MAX_ZOOM
from boundaries.tiles.tilesets import Tileset, fitting_zoom, shifted_bounds
from geogrid.tiles import WEB_MERCATOR_QUAD
from geogrid.types import CoordType

_GROUND, _INK, _LEAF_LINE, _PAPER = "#f6f8fa", "#1b2733", "#46525e", "#ffffff"
_UNDER, _IN, _OVER, _UNKNOWN, _DEDICATED = "#4a9bd4", "#a8d5b5", "#e0702a", "#c3cad1", "#5e3c99"
_PARENT, _CHOSEN = "#9fc3e6", "#0b5cad"
_FONT: Final = ["Noto Sans SC", "Noto Sans", "sans-serif"]
_SOURCE: Final = "geogrid"


def map_style(
    request: Request,
    tileset: Tileset,
    *,
    coord_type: CoordType = "wgs84",
    base: bool = True,
    level: int | None = None,
) -> dict[str, Any]:
    """Return the style of an edition: grids by load against the band, dedicated ones in violet, names, parents' lines.

    Parameters
    ----------
    request : Request
        For full addresses.
    tileset : Tileset
        The edition.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of the tiles.
    base : bool
        Whether streets and buildings lie below; they are in WGS 84 only.
    level : int, optional
        Level that is coloured and named, 1 is the top; the leaves, if left out. Finer ones are not shown.
    """
    bounds = shifted_bounds(tileset, coord_type)
    source = {
        "type": "vector",
        "tiles": [tile_template(request, tileset, WEB_MERCATOR_QUAD, coord_type)],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": list(bounds),
        "attribution": "; ".join(tileset.attribution),
        "promoteId": {"grids": "code", "labels": "code"},
    }
    with_base = base and coord_type == "wgs84"
    return {
        "version": 8,
        "name": f"{tileset.jurisdiction}, {tileset.name}",
        "center": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2],
        "zoom": fitting_zoom(bounds),
        "metadata": {"geogrid:edition": tileset.edition, "geogrid:bounds": list(bounds)},
        "sources": {_SOURCE: source, **(_base_source(request, tileset) if with_base else {})},
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": _GROUND}},
            *(_base_layers() if with_base else ()),
            *_grid_layers(tileset, level),
        ],
    }


def _base_source(request: Request, tileset: Tileset) -> dict[str, Any]:
    data = address(request, "/pages/base-map", {"jurisdiction": tileset.jurisdiction_code})
    return {"base": {"type": "geojson", "data": data}}


def _base_layers() -> list[dict[str, Any]]:
    def line(kind: str, colour: str, narrow: float, wide: float) -> dict[str, Any]:
        return {
            "id": f"base-{kind}",
            "type": "line",
            "source": "base",
            "filter": ["==", ["get", "kind"], kind],
            "layout": {"line-cap": "round", "line-join": "round"},
            "paint": {"line-color": colour, "line-width": _by_zoom((12, narrow), (17, wide))},
        }

    return [
        {
            "id": "base-building",
            "type": "fill",
            "source": "base",
            "minzoom": 13,
            "filter": ["==", ["get", "kind"], "building"],
            "paint": {"fill-color": "#dfe4e9"},
        },
        line("street", "#cdd5dc", 0.6, 3.0),
        line("main", "#b9c4ce", 1.4, 6.0),
    ]


def _grid_layers(tileset: Tileset, level: int | None) -> list[dict[str, Any]]:
    is_leaf = level is None or level >= len(tileset.levels)
    shown: list[Any] = ["!=", ["get", "kind"], "parent"] if is_leaf else ["==", ["get", "level"], level]
    above = [each.position for each in tileset.levels[:-1] if is_leaf or each.position < (level or 0)]
    layers: list[dict[str, Any]] = [
        {
            "id": "grid-fill",
            "type": "fill",
            "source": _SOURCE,
            "source-layer": "grids",
            "filter": shown,
            "paint": {
                "fill-color": _fill(tileset, is_leaf=is_leaf),
                "fill-opacity": _opacity(),
                "fill-antialias": False,
            },
        },
        _line("grid-line", shown, _LEAF_LINE, _by_zoom((9, 0.3), (13, 1.0), (17, 1.8))),
    ]
    for step, position in enumerate(reversed(above), start=1):
        own = ["all", ["==", ["get", "level"], position], ["==", ["get", "kind"], "parent"]]
        width = _by_zoom((6, 0.5 + 0.5 * step), (13, 1.2 + 0.9 * step), (17, 1.8 + 1.1 * step))
        layers.append(_line(f"level-{position}-line", own, _INK, width))
    chosen = _line("grid-chosen", ["has", "code"], _CHOSEN, 3.5)
    chosen["paint"]["line-opacity"] = ["case", ["boolean", ["feature-state", "chosen"], False], 1, 0]
    return [*layers, chosen, *_labels(tileset, shown, above, is_leaf=is_leaf)]


def _fill(tileset: Tileset, *, is_leaf: bool) -> Any:
    ordinary: Any = _UNKNOWN
    if not is_leaf:
        return _PARENT
    if tileset.band is not None:
        low, high = tileset.band
        load = ["get", tileset.load]
        by_band = ["case", ["<", load, low], _UNDER, [">", load, high], _OVER, _IN]
        ordinary = ["case", ["has", tileset.load], by_band, _UNKNOWN]
    return ["case", ["==", ["get", "kind"], "dedicated"], _DEDICATED, ordinary]


def _opacity() -> Any:
    plain = ["case", ["==", ["get", "kind"], "dedicated"], 0.3, 0.5]
    hovered = ["boolean", ["feature-state", "hovered"], False]
    return ["case", hovered, 0.75, plain]


def _line(name: str, which: list[Any], colour: str, width: Any) -> dict[str, Any]:
    return {
        "id": name,
        "type": "line",
        "source": _SOURCE,
        "source-layer": "grids",
        "filter": which,
        "layout": {"line-join": "round"},
        "paint": {"line-color": colour, "line-width": width},
    }


def _labels(tileset: Tileset, shown: list[Any], above: list[int], *, is_leaf: bool) -> list[dict[str, Any]]:
    """Return the names: of the grids shown when there is room for them, of the level above before."""
    near = min(max(fitting_zoom(tileset.bounds) + 2, 12), MAX_ZOOM)
    comes_late = is_leaf and bool(above)
    layers = [_label("grid-name", shown, 12.0 if is_leaf else 14.0, {"minzoom": near} if comes_late else {})]
    if comes_late:
        layers.append(_label("parent-name", ["==", ["get", "level"], above[-1]], 14.0, {"maxzoom": near}))
    return layers


def _label(name: str, which: list[Any], size: float, zooms: dict[str, int]) -> dict[str, Any]:
    return {
        "id": name,
        "type": "symbol",
        "source": _SOURCE,
        "source-layer": "labels",
        "filter": which,
        **zooms,
        "layout": {
            "text-field": ["case", ["==", ["get", "name"], ""], ["get", "code"], ["get", "name"]],
            "text-font": _FONT,
            "text-size": size,
            "text-max-width": 8,
        },
        "paint": {"text-color": _INK, "text-halo-color": _PAPER, "text-halo-width": 1.4},
    }


def _by_zoom(*stops: tuple[float, float]) -> list[Any]:
    return ["interpolate", ["linear"], ["zoom"], *(value for stop in stops for value in stop)]
