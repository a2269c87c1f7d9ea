"""Formats of features, and which one a request asks for: by `f`, else by the header Accept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fastapi import Request

from api.kit.links import GEOJSON, HTML, JSON, XHTML
from api.kit.negotiation import preferred_type

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
_BY_MEDIA_TYPE: Final[Mapping[str, FormatName]] = {
    **{each.media_type: each.name for each in FORMATS.values()},
    JSON: "geojson",
    XHTML: "html",
    "application/parquet": "geoparquet",
    "application/vnd.flatgeobuf": "flatgeobuf",
}
_IS_PAGE: Final[Mapping[str, bool]] = {JSON: False, GEOJSON: False, SCHEMA: False, HTML: True, XHTML: True}


def format_of(request: Request, name: str | None) -> Format:
    """Return the format of features: the one named, else by the header Accept; GeoJSON where it names none of ours."""
    if name is not None:
        return FORMATS[ALIASES.get(name, name)]
    return FORMATS[preferred_type(request.headers.get("accept", ""), _BY_MEDIA_TYPE)]


def is_page(request: Request, name: str | None = None) -> bool:
    """Return whether a description is answered as a page: by the name of the format, else by the header Accept."""
    return preferred_type(request.headers.get("accept", ""), _IS_PAGE) if name is None else name == "html"
