"""What a field may be, in words, read from its own declaration, so that errors and declarations cannot disagree."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from fastapi.params import Depends, Query
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from api.kit.values import Allowed, Personal

_PLAIN: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
}


def models_of(source: Any) -> tuple[type[BaseModel], ...]:
    """Return the models that a handler takes its query and body from; of a model, itself."""
    if isinstance(source, type) and issubclass(source, BaseModel):
        return (source,)
    hints = get_type_hints(source, include_extras=True)
    hints.pop("return", None)
    return tuple(model for hint in hints.values() for model in _models(hint))


def query_models_of(source: Any) -> tuple[type[BaseModel], ...]:
    """Return those of the models of a handler that are read from the query; of a model, itself."""
    if isinstance(source, type) and issubclass(source, BaseModel):
        return (source,)
    hints = get_type_hints(source, include_extras=True)
    return tuple(model for hint in hints.values() if _is_query(hint) for model in _models(hint))


def _is_query(hint: Any) -> bool:
    return get_origin(hint) is Annotated and any(isinstance(note, Query) for note in get_args(hint)[1:])


def allowed_of(source: Any, name: str) -> str:
    """Return what a parameter or member of a handler or model may be, empty where it is not declared."""
    for model in models_of(source):
        if name in model.model_fields:
            return words_for(model.model_fields[name])
    hints = {} if isinstance(source, type) else get_type_hints(source, include_extras=True)
    if name in hints:
        return " or ".join(dict.fromkeys(_words(hints[name])))
    # A part of the address may be taken by what the handler depends on.
    candidates = (allowed_of(needed, name) for hint in hints.values() for needed in _dependencies(hint))
    return next((words for words in candidates if words), "")


def personal_of(source: Any, name: str) -> Personal | None:
    """Return whether a parameter or member of a handler or model may tell of a person: its mark, or None."""
    for model in models_of(source):
        if name in model.model_fields:
            return _mark_of(model.model_fields[name])
    return None


def _mark_of(field: FieldInfo) -> Personal | None:
    return next((note for note in field.metadata if isinstance(note, Personal)), None)


def words_for(field: FieldInfo) -> str:
    """Return what a field may be, e.g. "a number from -180 to 180"."""
    notes = [note.words for note in field.metadata if isinstance(note, Allowed)]
    return " or ".join(dict.fromkeys(notes or _words(field.annotation)))


def _dependencies(hint: Any) -> Iterator[Any]:
    notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return (note.dependency for note in notes if isinstance(note, Depends) and note.dependency is not None)


def _models(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    elif get_origin(hint) is Annotated:
        yield from _models(get_args(hint)[0])


def _words(hint: Any) -> Iterator[str]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        notes = [note.words for note in arguments[1:] if isinstance(note, Allowed)]
        yield from notes or _words(arguments[0])
    elif origin in {Union, UnionType}:
        for argument in arguments:
            yield from _words(argument)
    elif origin is Literal:
        choices = [str(choice) for choice in arguments]
        yield choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    elif origin is list:
        yield from _words(arguments[0])
    elif hint in _PLAIN:
        yield _PLAIN[hint]
