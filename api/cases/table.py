"""Cases as CSV, a page at a time, safe to open in a spreadsheet."""

import io
from collections.abc import Iterable, Iterator

from boundaries.cases.reading import CaseRecord
from boundaries.text.cells import CellWriter

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
    A text that a spreadsheet would run is led by an apostrophe; JSON has it unchanged.
    """
    buffer = io.StringIO()
    if bom:
        buffer.write(_BOM)
    writer = CellWriter(buffer)
    writer.write(_COLUMNS)
    for page in pages:
        for case in page:
            writer.write(getattr(case, column) for column in _COLUMNS)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
