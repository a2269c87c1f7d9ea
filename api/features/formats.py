"""Formats of features, and which one a request asks for: by `f`, else by the header Accept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fastapi import Request

from api.kit.links import GEOJSON, HTML, JSON

FormatName = Literal["geojson", "geojsonseq", "csv", "flatgeobuf", "geoparquet", "kml", "topojson", "html"]
SCHEMA: Final = "application/schema+json"


@dataclass(frozen=True, slots=True)
class Format:
    """A format of features.

    Parameters
    ----------
    name : str
        As `f` names it.
    media_type : str
        As the header Content-Type names it.
    title : str
        For people.
    suffix : str
        Of a file; empty for what is shown, not saved.
    is_paged : bool
        Whether an answer without `limit` is a page; else it is everything.
    """

    name: FormatName
    media_type: str
    title: str
    suffix: str = ""
    is_paged: bool = False


FORMATS: Final[Mapping[str, Format]] = {
    each.name: each
    for each in (
        Format("geojson", GEOJSON, "GeoJSON", is_paged=True),
        Format("html", HTML, "Page", is_paged=True),
        Format("geojsonseq", "application/geo+json-seq", "GeoJSON text sequence", "geojsons"),
        Format("csv", "text/csv", "CSV, geometry as WKT", "csv"),
        Format("flatgeobuf", "application/flatgeobuf", "FlatGeobuf", "fgb"),
        Format("geoparquet", "application/vnd.apache.parquet", "GeoParquet", "parquet"),
        Format("kml", "application/vnd.google-earth.kml+xml", "KML", "kml"),
        Format("topojson", "application/topo+json", "TopoJSON", "topojson", is_paged=True),
    )
}
ALIASES: Final[Mapping[str, FormatName]] = {"json": "geojson", "fgb": "flatgeobuf", "parquet": "geoparquet"}
_TAKEN_FOR: Final[Mapping[str, FormatName]] = {
    **{each.media_type: each.name for each in FORMATS.values()},
    JSON: "geojson",
    "application/parquet": "geoparquet",
    "application/vnd.flatgeobuf": "flatgeobuf",
}


def format_of(request: Request, asked: str | None) -> Format:
    """Return the format that a request asks for; GeoJSON where it asks for none that there is."""
    if asked is not None:
        return FORMATS[ALIASES.get(asked, asked)]
    for media_type in accepted(request):
        if media_type in _TAKEN_FOR:
            return FORMATS[_TAKEN_FOR[media_type]]
    return FORMATS["geojson"]


def wants_html(request: Request, asked: str | None = None) -> bool:
    """Return whether a description is wanted as a page: it comes before JSON in the header Accept, or by `f`."""
    if asked is not None:
        return asked == "html"
    for media_type in accepted(request):
        if media_type in {HTML, "application/xhtml+xml"}:
            return True
        if media_type in {JSON, GEOJSON, SCHEMA, "*/*", "application/*"}:
            return False
    return False


def accepted(request: Request) -> list[str]:
    """Return the media types of the header Accept, the most wanted first, those of weight 0 left out."""
    found = []
    for part in request.headers.get("accept", "").split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
        if media_type and weight > 0:
            found.append((-weight, media_type))
    return [media_type for _, media_type in sorted(found, key=lambda each: each[0])]


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
