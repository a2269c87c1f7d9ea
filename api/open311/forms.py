"""Reading a request for a service as applications post it: every fault found, nothing taken for another thing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from api.kit.values import Moment
from api.open311.errors import GeoReportError
from boundaries.cases.intake import CaseDraft
from boundaries.open311.services import Attribute, Service
from boundaries.text.json_values import json_faults, text_fault
from boundaries.text.numbers import read_number
from geogrid.access import Reporter

CHANNEL: Final = "open311"

_ATTRIBUTE: Final = re.compile(r"attribute\[([^\[\]]{1,100})\](?:\[\d{0,4}\])?")
_OWN_NUMBER: Final = re.compile(r"[\w:-]{1,100}", re.ASCII)
_OWN_NUMBERS: Final = ("external_id", "fixmystreet_id")
_REPORTER: Final = ("email", "device_id", "account_id", "first_name", "last_name", "phone")
_SHORT: Final = 200
_MOST_CHARACTERS: Final[Mapping[str, int]] = {"description": 4_000, "media_url": 2_000}
_MOST_ATTRIBUTES: Final = 100
_BAD, _MISSING = 400, 404
_MOMENT: Final[TypeAdapter[datetime]] = TypeAdapter(Moment)

PostedForm = Sequence[tuple[str, str]]


@dataclass(slots=True)
class FormReading:
    """A posted request as far as it has been read, with the faults found so far."""

    fields: Mapping[str, str]
    attributes: Mapping[str, Sequence[str]]
    faults: list[tuple[int, str]] = field(default_factory=list)

    def text(self, name: str) -> str:
        """Return a field, empty where it is not given."""
        return self.fields.get(name, "")

    def fault(self, description: str, *, code: int = _BAD) -> None:
        """Note a fault."""
        self.faults.append((code, description))


async def read_form(request: Request) -> PostedForm:
    """Return the fields of a form, in either encoding; those of the address come first.

    Raises
    ------
    GeoReportError
        A file is among them.
    """
    async with request.form(max_fields=500) as form:
        files = [name for name, value in form.multi_items() if isinstance(value, UploadFile)]
        if files:
            raise GeoReportError([(_BAD, f"{', '.join(files)} is a file, and files are not kept. Send a media_url.")])
        posted = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return [*request.query_params.multi_items(), *posted]


def fields_of(form: PostedForm) -> dict[str, str]:
    """Return the single fields; the last value of each, as empty ones do not count."""
    return {name: value.strip() for name, value in form if value.strip() and not _ATTRIBUTE.fullmatch(name)}


def attributes_of(form: PostedForm) -> dict[str, list[str]]:
    """Return the answers to attributes, ``attribute[code]`` and ``attribute[code][]``."""
    attributes: dict[str, list[str]] = {}
    for name, value in form:
        match = _ATTRIBUTE.fullmatch(name)
        if match and value.strip():
            attributes.setdefault(match[1], []).append(value.strip())
    return attributes


def read_request(form: PostedForm, services: Mapping[str, Service], *, application: str) -> tuple[Service, CaseDraft]:
    """Return the service that is asked for and the case that it makes.

    Parameters
    ----------
    form : PostedForm
        Of `read_form`.
    services : mapping of str to Service
        By their codes.
    application : str
        Whose key was given; numbers of its own are kept apart from those of others.

    Raises
    ------
    GeoReportError
        With everything that is wrong.
    """
    reading = FormReading(fields_of(form), attributes_of(form))
    service = _service(reading, services)
    point = _point(reading)
    if point is None and not reading.text("address_string") and not reading.faults:
        reading.fault(
            "There is no place: send lat and long, or address_string. An address_id alone means nothing here."
        )
    _check_texts(reading)
    for attribute in service.attributes if service else ():
        _check_attribute(reading, attribute)
    external_id = _external_id(reading, application)
    kept = _kept(reading, service, application) if service else {}
    if not reading.faults:
        for fault in json_faults(kept):
            reading.fault(f"What is sent besides cannot be kept: {fault}.")
    if service is None or reading.faults:
        raise GeoReportError(reading.faults)
    lon, lat = point or (None, None)
    return service, CaseDraft(
        reported_at=datetime.now(UTC),
        is_time_stated=False,
        lon=lon,
        lat=lat,
        address=reading.text("address_string"),
        external_id=external_id,
        text=reading.text("description"),
        channel=CHANNEL,
        category=service.name,
        attributes=kept,
        reporter=_reporter(reading),
    )


def _service(reading: FormReading, services: Mapping[str, Service]) -> Service | None:
    code = reading.text("service_code")
    if not code:
        reading.fault("service_code was not provided. The list of services has it.")
    elif code not in services:
        reading.fault(
            f"service_code {code[:_SHORT]!r} was not found. The list of services has those there are.", code=_MISSING
        )
    return services.get(code)


def _point(reading: FormReading) -> tuple[float, float] | None:
    texts = {name: reading.text(name) for name in ("long", "lat") if reading.text(name)}
    if not texts:
        return None
    if len(texts) == 1:
        reading.fault("lat and long belong together, and only one of them was provided.")
        return None
    lon, lat = (_degrees(reading, name, most) for name, most in (("long", 180.0), ("lat", 90.0)))
    return None if lon is None or lat is None else (lon, lat)


def _degrees(reading: FormReading, name: str, most: float) -> float | None:
    value = _number(reading.text(name))
    if value is None or abs(value) > most:
        reading.fault(f"{name} is {reading.text(name)[:_SHORT]!r}; it must be a number from -{most:g} to {most:g}.")
        return None
    return value


def _number(text: str) -> float | None:
    try:
        return read_number(text)
    except ValueError:
        return None


def _check_texts(reading: FormReading) -> None:
    for name, value in reading.fields.items():
        most = _MOST_CHARACTERS.get(name, _SHORT)
        if name in (*_MOST_CHARACTERS, *_REPORTER, "address_string", "address_id") and len(value) > most:
            reading.fault(f"{name} has {len(value)} characters; at most {most} are taken.")
    media = reading.text("media_url")
    if media and urlsplit(media).scheme not in {"http", "https"}:
        reading.fault("media_url is no address of http or https.")
    if len(reading.attributes) > _MOST_ATTRIBUTES:
        reading.fault(f"There are {len(reading.attributes)} attributes; at most {_MOST_ATTRIBUTES} are taken.")
    everything = [*reading.fields.items(), *((code, each) for code, row in reading.attributes.items() for each in row)]
    wrong = dict.fromkeys(text_fault(value) or text_fault(name) for name, value in everything)
    for fault in filter(None, wrong):
        reading.fault(f"A value cannot be kept: {fault}.")
    if any(len(value) > _MOST_CHARACTERS["description"] for values in reading.attributes.values() for value in values):
        reading.fault(f"An attribute is longer than {_MOST_CHARACTERS['description']} characters.")


def _check_attribute(reading: FormReading, attribute: Attribute) -> None:
    values = reading.attributes.get(attribute.code, ())
    name = f"attribute[{attribute.code}]"
    if not attribute.is_asked:
        return
    if not values:
        if attribute.is_required:
            reading.fault(f"{name} was not provided, and this service needs it: {attribute.description}".rstrip(": "))
        return
    if len(values) > 1 and attribute.datatype != "multivaluelist":
        reading.fault(f"{name} is given {len(values)} times, and one is meant.")
    for value in values:
        reason = _unfit(attribute, value)
        if reason:
            # What people answer may tell of them, so it is not repeated.
            reading.fault(f"{name} cannot be taken; it must be {reason}.")


def _unfit(attribute: Attribute, value: str) -> str:
    """Return what a value must be, where it is not."""
    match attribute.datatype:
        case "number":
            return "" if _number(value) is not None else "a number"
        case "datetime":
            return "" if _is_moment(value) else "a time with its offset, as in 2026-03-01T08:00:00+08:00"
        case "string":
            return "of one line" if "\n" in value or "\r" in value else ""
        case "singlevaluelist" | "multivaluelist":
            keys = [key for key, _ in attribute.values]
            return "" if value in keys else f"one of {', '.join(keys)}"
        case "text":
            return ""


def _is_moment(value: str) -> bool:
    try:
        _MOMENT.validate_python(value)
    except ValidationError:
        return False
    return True


def _external_id(reading: FormReading, application: str) -> str | None:
    """Return the application's own number of the request: sent again, it is the same request."""
    own = next((reading.attributes[name][0] for name in _OWN_NUMBERS if name in reading.attributes), None)
    if own is None:
        return None
    if not _OWN_NUMBER.fullmatch(own):
        reading.fault(f"{' or '.join(_OWN_NUMBERS)} must be of at most 100 letters, digits, - _ or :.")
        return None
    return f"{application}:{own}"


def _reporter(reading: FormReading) -> Reporter:
    """Return who asks; a name in Chinese is written family name first."""
    first, last = reading.text("first_name"), reading.text("last_name")
    is_spaced = f"{first}{last}".isascii()
    name = " ".join(filter(None, (first, last))) if is_spaced else f"{last}{first}"
    other = {name: reading.text(name) for name in ("device_id", "account_id") if reading.text(name)}
    return Reporter(name, reading.text("phone"), reading.text("email"), other=other)


def _kept(reading: FormReading, service: Service, application: str) -> dict[str, Any]:
    """Return what a case keeps besides: none of it is public."""
    kept: dict[str, Any] = {"application": application, "service_code": service.code}
    kept |= {name: reading.text(name) for name in ("media_url", "address_id") if reading.text(name)}
    if reading.attributes:
        kept["attributes"] = {
            code: values[0] if len(values) == 1 else list(values) for code, values in reading.attributes.items()
        }
    return kept
