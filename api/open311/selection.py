"""Which requests a client wants, from the parameters that it sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from api.open311.errors import GeoReportError
from api.open311.schemas import RequestsQuery
from boundaries.open311.reading import RequestFilter
from boundaries.open311.services import Service
from boundaries.text.numbers import read_identifier

_LONGEST_SPAN: Final = timedelta(days=90)
_STATUSES: Final = ("open", "closed")


def wanted_requests(query: RequestsQuery, services: Mapping[str, Service]) -> RequestFilter:
    """Return the filter of the store; numbers of requests go before everything else.

    Raises
    ------
    GeoReportError
        With everything that is wrong.
    """
    everything = tuple(service.name for service in services.values())
    if query.service_request_id is not None:
        return RequestFilter(everything, ids=numbers_of(query.service_request_id))
    codes = _words(query.service_code)
    faults = [(404, f"service_code {code!r} was not found.") for code in codes if code not in services]
    statuses = set(_words(query.status))
    if statuses - set(_STATUSES):
        unknown = ", ".join(sorted(statuses - set(_STATUSES)))
        faults.append((400, f"status is {unknown!r}; it must be open, closed, or both parted by a comma."))
    since, until = _period(query, faults)
    if faults:
        raise GeoReportError(faults)
    return RequestFilter(
        tuple(services[code].name for code in codes) or everything,
        since=since,
        until=until,
        is_closed="closed" in statuses if len(statuses) == 1 else None,
    )


def numbers_of(text: str) -> tuple[int, ...]:
    """Return the numbers among words parted by commas; what is no number of ours is nobody's."""
    numbers = (read_identifier(word) for word in _words(text))
    return tuple(number for number in numbers if number is not None)


def _period(query: RequestsQuery, faults: list[tuple[int, str]]) -> tuple[datetime, datetime | None]:
    since, until = query.start_date, query.end_date
    if since is not None and until is not None:
        if until < since:
            faults.append((400, "end_date lies before start_date."))
        elif until - since > _LONGEST_SPAN:
            faults.append((400, "start_date and end_date lie more than 90 days apart."))
        return since, until
    if since is not None:
        return since, _moved(since, _LONGEST_SPAN)
    return _moved(until or datetime.now(UTC), -_LONGEST_SPAN), until


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:  # at either end of the calendar
        return moment


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in (text or "").split(",") if word.strip()))
