"""The description of the interface as OpenAPI 3.0.3: FastAPI writes 3.1, which QGIS and many tools cannot read."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.features.openapi import paths_of
from api.kit.answers import ProblemAnswer
from api.kit.links import JSON
from api.kit.queries import PAGE_ONLY

_VERSION: Final = "3.0.3"
_PROBLEM: Final = "application/problem+json"
_OPERATIONS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_COMMON: Final = {
    "400": "A parameter or the body is wrong; `errors` names each thing that is, its value and what is allowed.",
    "503": "The database cannot be used at the moment; the header Retry-After says when to try again.",
}
_NOT_FOUND: Final = {"404": "There is nothing of that name: the words say which there are."}
_OF_WRITES: Final = {
    "409": "What is stored does not allow it, or says something else already.",
    "413": "The body is larger than this server takes.",
}
_OF_SERVER: Final = frozenset({"401", "403", "413"})
_OF_VERSIONS: Final = {
    "412": "It has changed since it was read: `version` and `changes` say how. Read it again.",
    "428": "The header If-Match is missing.",
}


def describer(app: FastAPI, needs: Mapping[str, str]) -> Callable[[], dict[str, Any]]:
    """Return the function that FastAPI asks for the description; it is made once.

    Parameters
    ----------
    app : FastAPI
        Whose addresses are described.
    needs : mapping of str to str
        By method and path, as in ``GET /plans``: what somebody needs who is not refused.
    """

    @cache
    def description() -> dict[str, Any]:
        return describe(app, needs)

    return description


def describe(app: FastAPI, needs: Mapping[str, str]) -> dict[str, Any]:
    """Return the description of an application's addresses; `needs` as `describer` takes it."""
    written = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    for operation in (item[method] for item in written["paths"].values() for method in _OPERATIONS & item.keys()):
        if "parameters" in operation:
            told = [each for each in operation["parameters"] if not each["schema"].get(PAGE_ONLY)]
            operation["parameters"] = told
    problem = ProblemAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
    paths, schemas = paths_of(app.state.settings.public_case_fields)
    written["paths"] |= paths
    written["components"]["schemas"] |= {**problem.pop("$defs"), "ProblemAnswer": problem, **schemas}
    description: dict[str, Any] = _lowered(written)
    description["openapi"] = _VERSION
    schemas = description["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, path in description["paths"].items():
        for method, operation in path.items():
            if method in _OPERATIONS:
                operation["summary"] = operation.get("description", "").partition(".")[0]
                _describe_errors(operation, needs.get(f"{method.upper()} {name}", ""))
    return description


def _describe_errors(operation: dict[str, Any], need: str) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    problem = {_PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}}
    own = responses.get("400", {}).get("content", problem)  # Open311 has errors of its own
    for status, words in (_errors_of(operation) | _refusals_for(need)).items():
        content = problem if status in _OF_SERVER else own
        responses.setdefault(status, {"description": words}).setdefault("content", content)
    success = responses.get("200")
    if success is not None and JSON in success.get("content", {}) and success["content"][JSON] == {"schema": {}}:
        success["content"] = {JSON: {"schema": {"type": "object"}}}


def _errors_of(operation: dict[str, Any]) -> dict[str, str]:
    """Return what can go wrong, by what an operation is given."""
    parameters = operation.get("parameters", [])
    errors = dict(_COMMON)
    if any(each["in"] == "path" or each["name"].startswith("jurisdiction") for each in parameters):
        errors |= _NOT_FOUND
    if "requestBody" in operation:
        errors |= _OF_WRITES
    if any(each["name"] == "If-Match" for each in parameters):
        errors |= _OF_VERSIONS
    return errors


def _refusals_for(need: str) -> dict[str, str]:
    """Return how somebody is refused who has not what an operation needs; nothing where it needs nothing."""
    if not need:
        return {}
    return {
        "401": f"Nobody who is known asks, and it needs {need}; `sign_in` says where to sign in.",
        "403": f"The account may not, which needs {need}; or a page of another site changes something.",
    }


def _lowered(value: Any) -> Any:
    """Return a JSON Schema of draft 2020-12 in the words of OpenAPI 3.0."""
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    if not isinstance(value, dict):
        return value
    lowered = {name: _lowered(each) for name, each in value.items()}
    _lower_null(lowered)
    if isinstance(lowered.get("const"), str):
        lowered["enum"] = [lowered.pop("const")]
    if isinstance(lowered.get("prefixItems"), list):
        items = lowered.pop("prefixItems")
        lowered["items"] = items[0] if items else {}
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(lowered.get(bound), int | float) and not isinstance(lowered[bound], bool):
            lowered[limit], lowered[bound] = lowered[bound], True
    return lowered


def _lower_null(schema: dict[str, Any]) -> None:
    choices = schema.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return
    others = [choice for choice in choices if choice != {"type": "null"}]
    del schema["anyOf"]
    schema["nullable"] = True
    if len(others) > 1:
        schema["anyOf"] = others
    elif "$ref" in others[0]:
        schema["allOf"] = others  # a reference takes no neighbours in 3.0
    else:
        for name, value in others[0].items():
            schema.setdefault(name, value)
