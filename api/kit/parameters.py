"""Parameters of the query, read without FastAPI where its general way costs more than the answer itself."""

from typing import Any, TypeVar, get_args, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.kit.constraints import models_of

Model = TypeVar("Model", bound=BaseModel)


class QueryError(RequestValidationError):
    """Parameters that do not fit their model; the problem's words come from the model."""

    def __init__(self, errors: list[dict[str, Any]], model: type[BaseModel]) -> None:
        super().__init__(errors)
        self.model = model


def read_query(request: Request, model: type[Model]) -> Model:
    """Return the parameters of a request as a model whose fields are all single values.

    Raises
    ------
    QueryError
        Any parameter is missing, unknown, repeated or not allowed; all of them are listed.
    """
    parameters = request.query_params
    if len(parameters) != len(parameters.multi_items()):
        raise QueryError(_repeats(request, (model,)), model)
    try:
        return model.model_validate(dict(parameters))
    except ValidationError as error:
        raise QueryError([{**each, "loc": ("query", *each["loc"])} for each in error.errors()], model) from error


def describe_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the parameters of a model as OpenAPI describes them."""
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": _description(field),
            "schema": field,
        }
        for name, field in schema["properties"].items()
    ]


def _description(schema: dict[str, Any]) -> str:
    """Return the description of a field; that of an optional one stands with the type that is not null."""
    own = schema.get("description")
    return str(own or next((each["description"] for each in schema.get("anyOf", []) if "description" in each), ""))


async def refuse_repeats(request: Request) -> None:
    """Refuse a parameter given twice where one value is meant: FastAPI would silently take the last.

    Raises
    ------
    RequestValidationError
        With every such parameter.
    """
    parameters = request.query_params
    if len(parameters) == len(parameters.multi_items()):
        return
    repeats = _repeats(request, models_of(request.scope["endpoint"]))
    if repeats:
        raise RequestValidationError(repeats)


def _repeats(request: Request, models: tuple[type[BaseModel], ...]) -> list[dict[str, Any]]:
    lists = {name for model in models for name, field in model.model_fields.items() if _is_list(field.annotation)}
    names = [name for name, _ in request.query_params.multi_items()]
    return [
        {"type": "repeated", "loc": ("query", name), "input": request.query_params.getlist(name), "msg": "is repeated"}
        for name in dict.fromkeys(names)
        if names.count(name) > 1 and name not in lists
    ]


def _is_list(hint: Any) -> bool:
    return get_origin(hint) is list or any(_is_list(argument) for argument in get_args(hint))
