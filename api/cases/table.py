"""Cases as CSV, a page at a time, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator

from boundaries.cases.reading import CaseRecord

_COLUMNS = (
    "id",
    "external_id",
    "channel",
    "category",
    "status",
    "reported_at",
    "closed_at",
    "text",
    "address",
    "grid",
    "grid_name",
    "edition",
    "lon",
    "lat",
    "located_by",
    "positional_error_m",
    "source",
)
# A spreadsheet takes a cell that starts so for a formula, and runs it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"


def csv_lines(pages: Iterable[Iterable[CaseRecord]], *, bom: bool) -> Iterator[str]:
    """Yield a header and one line a case, in chunks of a page.

    Parameters
    ----------
    pages : iterable of iterable of CaseRecord
        Read as the client takes them.
    bom : bool
        Start with a byte-order mark, without which Excel takes UTF-8 for the local code page.

    Notes
    -----
    A text that a spreadsheet would take for a formula is led by an apostrophe, as OWASP advises; JSON has it unchanged.
    """
    buffer = io.StringIO()
    if bom:
        buffer.write(_BOM)
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for page in pages:
        for case in page:
            writer.writerow([_cell(getattr(case, column)) for column in _COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else value
