"""Services that people may ask for: what the operator offers, with what is asked besides, in the words of Open311."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from boundaries.cases.tables import Case
from boundaries.open311.tables import ServiceRow
from geogrid.access import mask_text
from geogrid.errors import InvalidInputError, Problem

DataType = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
ServiceType = Literal["realtime", "batch"]

_CODE: Final = re.compile(r"[A-Za-z0-9_~-]{1,100}")
_LISTS: Final = ("singlevaluelist", "multivaluelist")
_MEMBERS: Final = ("service_code", "service_name", "description", "keywords", "group", "type", "attributes", "metadata")
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that is asked with a request.

    Parameters
    ----------
    code : str
        Its name in requests, ``attribute[code]``.
    description, hint : str
        The question, and what helps to answer it.
    datatype : str
        One of `DataType`.
    is_required, is_asked : bool
        Whether a request needs it; whether it is a question at all, or words to read.
    values : tuple of (key, name)
        What may be chosen, of a list.
    """

    code: str
    description: str
    hint: str
    datatype: DataType
    is_required: bool
    is_asked: bool
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service; its name is the category of the cases it leads to."""

    code: str
    name: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    group: str = ""
    type: ServiceType = "realtime"
    attributes: tuple[Attribute, ...] = ()


def list_services(session: Session, jurisdiction_id: int) -> tuple[Service, ...]:
    """Return the services of a jurisdiction, in their order."""
    rows = session.scalars(
        select(ServiceRow).where(ServiceRow.jurisdiction_id == jurisdiction_id).order_by(ServiceRow.position)
    )
    return tuple(
        Service(
            code=row.code,
            name=row.name,
            description=row.description,
            keywords=tuple(row.keywords),
            group=row.group,
            type="batch" if row.type == "batch" else "realtime",
            attributes=tuple(_stored_attribute(each) for each in row.attributes),
        )
        for row in rows
    )


def services_changed_at(session: Session) -> datetime | None:
    """Return when services were changed last, None where there are none."""
    return session.scalar(select(func.max(ServiceRow.changed_at)))


def replace_services(session: Session, jurisdiction_id: int, services: Sequence[Service]) -> None:
    """Offer these services and no others; stored cases stay as they are."""
    session.execute(delete(ServiceRow).where(ServiceRow.jurisdiction_id == jurisdiction_id))
    session.add_all(
        ServiceRow(
            jurisdiction_id=jurisdiction_id,
            code=each.code,
            name=each.name,
            position=position,
            description=each.description,
            keywords=list(each.keywords),
            group=each.group,
            type=each.type,
            attributes=[attribute_shape(attribute, order) for order, attribute in enumerate(each.attributes, start=1)],
        )
        for position, each in enumerate(services, start=1)
    )
    session.flush()


def services_of_cases(session: Session, jurisdiction_id: int) -> tuple[Service, ...]:
    """Return a service for each category that stored cases have, most frequent first."""
    rows = session.execute(
        select(Case.category)
        .where(Case.jurisdiction_id == jurisdiction_id, Case.category != "")
        .group_by(Case.category)
        .order_by(func.count().desc(), Case.category)
        .limit(_MOST)
    )
    return tuple(Service(code=f"{number:03}", name=name) for number, (name,) in enumerate(rows, start=1))


def read_services(given: object) -> tuple[Service, ...]:
    """Return the services that a list in the shape of Open311 describes.

    Parameters
    ----------
    given : object
        List of objects with ``service_code``, ``service_name`` and, where wanted, ``description``, ``keywords``,
        ``group``, ``type`` and ``attributes``, as the service list and the service definition have them.

    Raises
    ------
    InvalidInputError
        With everything that is wrong.
    """
    if not isinstance(given, list) or not 0 < len(given) <= _MOST or not all(isinstance(each, dict) for each in given):
        raise InvalidInputError.of(
            "services",
            f"It is no list of 1 to {_MOST} services.",
            'Write [{"service_code": ..., "service_name": ...}].',
        )
    if "\\u0000" in json.dumps(given):
        raise InvalidInputError.of("services", "It contains the character NUL, which no text has.")
    problems = [problem for place, each in enumerate(given, start=1) for problem in _problems(place, each)]
    for name in ("service_code", "service_name"):
        values = [str(each.get(name)) for each in given]
        twice = sorted({value for value in values if values.count(value) > 1})
        problems += [Problem("services", f"{name} {value} is there twice.", subject=name) for value in twice]
    if problems:
        raise InvalidInputError(problems)
    return tuple(_service(each) for each in given)


def attribute_shape(attribute: Attribute, order: int) -> dict[str, Any]:
    """Return an attribute as the definition of a service lists it."""
    found: dict[str, Any] = {
        "variable": attribute.is_asked,
        "code": attribute.code,
        "datatype": attribute.datatype,
        "required": attribute.is_required,
        "datatype_description": attribute.hint or None,
        "order": order,
        "description": attribute.description,
    }
    if attribute.datatype in _LISTS:
        found["values"] = [{"key": key, "name": name} for key, name in attribute.values]
    return found


def _problems(place: int, given: Mapping[str, Any]) -> Iterator[Problem]:
    subject = f"service {place}"
    unknown = [name for name in given if name not in _MEMBERS]
    if unknown:
        yield Problem("services", f"Service {place} has {', '.join(unknown)}, which no service has.", subject=subject)
    if not isinstance(given.get("service_code"), str) or not _CODE.fullmatch(given["service_code"]):
        yield Problem(
            "services",
            f"The service_code of service {place} is not of 1 to 100 letters, digits, - or _.",
            subject=subject,
        )
    if not isinstance(given.get("service_name"), str) or not given["service_name"].strip():
        yield Problem("services", f"Service {place} has no service_name.", subject=subject)
    elif mask_text(given["service_name"]) != given["service_name"]:
        remedy = "Put it into the description: cases are kept without numbers of persons, in their category too."
        yield Problem("services", f"The service_name of service {place} holds a telephone.", remedy, subject=subject)
    if given.get("type", "realtime") not in get_args(ServiceType):
        yield Problem("services", f"The type of service {place} is not realtime or batch.", subject=subject)
    attributes = given.get("attributes", [])
    if not isinstance(attributes, list) or not all(isinstance(each, dict) for each in attributes):
        yield Problem("services", f"The attributes of service {place} are no list of objects.", subject=subject)
        return
    for each in attributes:
        yield from _attribute_problems(subject, each)
    codes = [each.get("code") for each in attributes]
    if len(set(map(str, codes))) < len(codes):
        yield Problem("services", f"An attribute of service {place} is there twice.", subject=subject)


def _attribute_problems(subject: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    code = given.get("code")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        yield Problem("services", f"An attribute of {subject} has no code of letters, digits, - or _.", subject=subject)
    if given.get("datatype") not in get_args(DataType):
        known = ", ".join(get_args(DataType))
        yield Problem("services", f"Attribute {code} of {subject} has no datatype of {known}.", subject=subject)
    values = given.get("values", [])
    are_pairs = isinstance(values, list) and all(isinstance(each, dict) and "key" in each for each in values)
    if given.get("datatype") in _LISTS and not (values and are_pairs):
        yield Problem("services", f"Attribute {code} of {subject} has no values to choose from.", subject=subject)


def _service(given: Mapping[str, Any]) -> Service:
    keywords = given.get("keywords") or []
    words = keywords.split(",") if isinstance(keywords, str) else keywords
    return Service(
        code=given["service_code"],
        name=given["service_name"].strip(),
        description=str(given.get("description") or ""),
        keywords=tuple(str(word).strip() for word in words if str(word).strip()),
        group=str(given.get("group") or ""),
        type=given.get("type", "realtime"),
        attributes=tuple(_stored_attribute(each) for each in given.get("attributes", [])),
    )


def _stored_attribute(given: Mapping[str, Any]) -> Attribute:
    return Attribute(
        code=given["code"],
        description=str(given.get("description") or ""),
        hint=str(given.get("datatype_description") or ""),
        datatype=given["datatype"],
        is_required=bool(given.get("required", False)),
        is_asked=bool(given.get("variable", True)),
        values=tuple((str(each["key"]), str(each.get("name", each["key"]))) for each in given.get("values", [])),
    )
