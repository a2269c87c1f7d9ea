"""Times as files write them, read strictly: what could be two moments is refused, not guessed."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geogrid.errors import InvalidInputError

_WRITTEN = re.compile(
    r"(?P<year>\d{4})(?P<parting>[-/.年])(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"(?:[T\s]*(?P<hour>\d{1,2})[:时](?P<minute>\d{1,2})分?(?::?(?P<second>\d{1,2})秒?(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?"
)
_DAY_OR_MONTH_FIRST = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2,4}\b.*")
_MICROSECOND_DIGITS = 6
_MOST_KNOWN = 50_000
_EXCEL = "excel"
_EXCEL_NUMBER = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
# Excel's day 60 is the 29th of February 1900, which never was; from the first of March on this is right.
_EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - the zone is added where the text has none

AMBIGUOUS = "may be day or month first; name the format, e.g. --time-format '%m/%d/%Y %I:%M:%S %p'"
DAY_NUMBER = "is a day number of Excel ({day}); format the column as a date, or read it with --time-format excel"
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
        As `datetime.strptime` takes it, or ``excel`` for numbers of days; without it year, month, day in this order.
    """

    zone: ZoneInfo
    format: str | None = None
    _known: dict[str, datetime | str] = field(default_factory=dict, repr=False)

    def read(self, text: str) -> datetime | str:
        """Return the moment in UTC, or what is wrong with the text."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
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
            if _EXCEL_NUMBER.fullmatch(text):
                return f"{text!r} {DAY_NUMBER.format(day=_excel_moment(text).date())}"
            return f"{text!r} {AMBIGUOUS if _DAY_OR_MONTH_FIRST.fullmatch(text) else UNREADABLE}"
        try:
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        except OverflowError:
            return f"{text!r} {UNREADABLE}"

    def _parse(self, text: str) -> datetime | None:
        if self.format == _EXCEL:
            return _excel_moment(text) if _EXCEL_NUMBER.fullmatch(text) else None
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


def _excel_moment(text: str) -> datetime:
    """Return the moment of a number of days, to the second, as Excel shows it."""
    return _EXCEL_DAY_0 + timedelta(seconds=round(float(text) * 86_400))
