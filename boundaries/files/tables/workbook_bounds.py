"""What a workbook (XLSX) may come to when it is unpacked: looked at before it is."""

import zipfile
from pathlib import Path
from typing import Final

from boundaries.text.xml import after_prolog, as_ascii, has_doctype
from geogrid.errors import InvalidInputError, Problem

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
"""As Excel has them."""
MOST_PARTS: Final = 10_000
MOST_SHEET_BYTES: Final = 4 << 30
"""Of sheets, which are read row by row."""
MOST_PART_BYTES: Final = 512 << 20
"""Of every other part, which is held as a whole: texts, formats."""
_HEAD_BYTES: Final = 16_384
_SHEETS: Final = "xl/worksheets/"
_REMEDY: Final = "Save the sheet as CSV, or in several workbooks."


def require_bounded(path: Path) -> None:
    """Look at the parts of a workbook; what one says of its size, unpacking keeps to.

    Raises
    ------
    InvalidInputError
        There are too many, some are too large, or some may take in other files; all are told.
    zipfile.BadZipFile
        It is no workbook.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS:
            message = f"{path.name} holds {len(parts):,} parts; {MOST_PARTS:,} are the most."
            raise InvalidInputError.of("too-large", message, _REMEDY)
        problems = [fault for part in parts if (fault := _size_fault(path, part)) is not None]
        problems += [] if problems else [fault for part in parts if (fault := _xml_fault(path, archive, part))]
    if problems:
        raise InvalidInputError(problems)


def _size_fault(path: Path, part: zipfile.ZipInfo) -> Problem | None:
    most = MOST_SHEET_BYTES if part.filename.startswith(_SHEETS) else MOST_PART_BYTES
    if part.file_size <= most:
        return None
    sizes = f"comes to {part.file_size / 1e6:,.0f} MB; {most / 1e6:,.0f} MB are the most"
    return Problem("too-large", f"{part.filename} in {path.name} {sizes}.", _REMEDY)


def _xml_fault(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Problem | None:
    if part.is_dir() or not part.filename.lower().endswith((".xml", ".rels", ".vml")):
        return None
    with archive.open(part) as file:
        text = as_ascii(file.read(_HEAD_BYTES))
    if not has_doctype(text) and (after_prolog(text) or not text.strip()):
        return None
    message = f"{part.filename} in {path.name} declares a type of document (DOCTYPE), or begins with no element."
    return Problem("doctype", message, "Save the workbook anew, or its sheet as CSV.")
