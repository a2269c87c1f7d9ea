"""``/conformance``: which parts of OGC API are followed."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from api.features.formats import is_page
from api.features.page import described_page
from api.features.schemas import ConformanceAnswer, DescriptionQuery
from api.kit.links import HTML
from api.kit.parameters import refuse_repeats
from api.kit.replies import json_reply

router = APIRouter(tags=["collections"], dependencies=[Depends(refuse_repeats)])

_SPEC: Final = "http://www.opengis.net/spec"
CLASSES: Final = (
    f"{_SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-common-2/1.0/conf/collections",
    *(f"{_SPEC}/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")),
    f"{_SPEC}/ogcapi-features-2/1.0/conf/crs",
    *(
        f"{_SPEC}/ogcapi-features-3/1.0/conf/{name}"
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(
        f"{_SPEC}/ogcapi-features-5/1.0/conf/{name}"
        for name in ("schemas", "core-roles-features", "returnables-and-receivables")
    ),
    *(
        f"{_SPEC}/ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "dataset-tilesets", "mvt")
    ),
    *(f"{_SPEC}/tms/2.0/conf/{name}" for name in ("tilematrixset", "json-tilematrixset", "tilesetmetadata")),
    *(
        f"{_SPEC}/cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "property-property",
            "arithmetic",
        )
    ),
)


@router.get("/conformance", responses={200: {"model": ConformanceAnswer, "content": {HTML: {}}}})
def conformance(request: Request, query: Annotated[DescriptionQuery, Query()]) -> Response:
    """List the conformance classes that are implemented."""
    body = {"conformsTo": list(CLASSES)}
    if is_page(request, query.f):
        return described_page(request, "Conformance", body)
    return json_reply(body, headers={"Vary": "Accept"})
