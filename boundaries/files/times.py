"""Times as files write them, read strictly: what could be two moments is refused, not guessed."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geogrid.errors import InvalidInputError

_WRITTEN = re.compile(
    r"(?P<year>\d{4})(?P<parting>[-/.年])(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"(?:[T\s]*(?P<hour>\d{1,2})[:时](?P<minute>\d{1,2})分?(?::?(?P<second>\d{1,2})秒?(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?"
)
_DAY_OR_MONTH_FIRST = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2,4}\b.*")
_MICROSECOND_DIGITS = 6

AMBIGUOUS = "may be day or month first; name the format, e.g. --time-format '%m/%d/%Y %I:%M:%S %p'"
UNREADABLE = "is no time; write 2026-01-31 14:05:00, or name the format with --time-format"


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name, or raise `InvalidInputError`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInputError.of(
            "time-zone", f"{name!r} is no time zone.", "Use an IANA name such as Asia/Shanghai.", subject="--time-zone"
        ) from error


@dataclass(frozen=True, slots=True)
class TimeReader:
    """Reads times.

    Parameters
    ----------
    zone : ZoneInfo
        Of times that state no offset. Of an hour that the end of summer time repeats, the first is meant; an hour
        that its beginning leaves out is read as if clocks had not changed.
    format : str, optional
        As `datetime.strptime` takes it; without it year, month, day in this order.
    """

    zone: ZoneInfo
    format: str | None = None
    _known: dict[str, datetime | str] = field(default_factory=dict, repr=False)

    def read(self, text: str) -> datetime | str:
        """Return the moment in UTC, or what is wrong with the text."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._read(text)
        return found

    def _read(self, text: str) -> datetime | str:
        try:
            moment = self._parse(text)
        except ValueError:
            moment = None
        if moment is None:
            if self.format is not None:
                return f"{text!r} does not fit --time-format {self.format!r}"
            return f"{text!r} {AMBIGUOUS if _DAY_OR_MONTH_FIRST.fullmatch(text) else UNREADABLE}"
        try:
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        except OverflowError:
            return f"{text!r} {UNREADABLE}"

    def _parse(self, text: str) -> datetime | None:
        if self.format is not None:
            return datetime.strptime(text, self.format)  # noqa: DTZ007 - the zone is added where the text has none
        match = _WRITTEN.fullmatch(text)
        if match is None:
            return None
        part = match.groupdict()
        offset = (part["offset"] or "").replace("Z", "+00:00").replace("UTC", "+00:00")
        fraction = (part["fraction"] or "0")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
        day = f"{part['year']}-{int(part['month']):02}-{int(part['day']):02}"
        hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
        return datetime.fromisoformat(f"{day}T{hour:02}:{minute:02}:{second:02}.{fraction}{offset}")
