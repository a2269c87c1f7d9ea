"""What text files are packed in: told by their first bytes when they are read, by their names when they are written."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from geogrid.errors import InvalidInputError

PACKED: Final = (".gz", ".bz2", ".xz", ".zst")
"""Suffixes of one packed file."""
ARCHIVE: Final = ".zip"
SUFFIXES: Final = (".csv", ".tsv", ".txt")

_AGAIN: Final = "Copy it again from where it came, or export it again."
_COMPRESSION: Final = 5
_GZIP: Final = b"\x1f\x8b"
_BZIP2: Final = b"BZh"
_XZ: Final = b"\xfd7zXZ\x00"
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_ZIP: Final = b"PK\x03\x04"
_LONGEST_SIGN: Final = 6


def is_delimited(path: Path) -> bool:
    """Return whether the name of a file says that it is delimited text, plain or packed; of an archive its one file."""
    suffix = path.suffix.lower()
    if suffix == ARCHIVE:
        inner = Path(path.stem).suffix.lower()
        return inner in SUFFIXES if inner else _only_text(path) is not None
    inner_path = path.with_suffix("") if suffix in PACKED else path
    return inner_path.suffix.lower() in SUFFIXES


def is_workbook(path: Path) -> bool:
    """Return whether a file is a workbook (XLSX) by what it holds."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open the text of a file as bytes, plain or packed, whatever its name.

    Raises
    ------
    InvalidInputError
        It is an archive of no text, or of several.
    """
    with path.open("rb") as file:
        sign = file.read(_LONGEST_SIGN)
    if sign.startswith(_ZIP):
        if not zipfile.is_zipfile(path):
            raise InvalidInputError.of("truncated", f"{path.name} is damaged or cut short: it has no end.", _AGAIN)
        if is_workbook(path):
            message = f"{path.name} is a workbook (XLSX), and no text, whatever its name."
            raise InvalidInputError.of("unreadable", message, "Save it as CSV.")
        name = _only_text(path)
        if name is None:
            raise InvalidInputError.of(
                "which-file",
                f"{path.name} is an archive that does not hold exactly one text table ({', '.join(SUFFIXES)}).",
                "Unpack it, and give the file that is meant.",
            )
        with zipfile.ZipFile(path) as archive, _opened(path, archive, name) as packed:
            yield packed
        return
    with _unpacked(path, sign) as text:
        yield text


@contextmanager
def create_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Create a text file, packed as its name says."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        with gzip.open(path, "wb", compresslevel=_COMPRESSION) as packed:
            yield cast("IO[bytes]", packed)
    elif suffix == ".bz2":
        with bz2.open(path, "wb") as packed_too:
            yield cast("IO[bytes]", packed_too)
    elif suffix == ".xz":
        with lzma.open(path, "wb") as packed_well:
            yield cast("IO[bytes]", packed_well)
    elif suffix == ".zst":
        import pyarrow as pa

        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            yield stream
    else:
        with path.open("wb") as file:
            yield file


def _unpacked(path: Path, sign: bytes) -> IO[bytes]:
    if sign.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(path))
    if sign.startswith(_BZIP2):
        return cast("IO[bytes]", bz2.open(path))
    if sign.startswith(_XZ):
        return cast("IO[bytes]", lzma.open(path))
    if sign.startswith(_ZSTANDARD):
        import io

        import pyarrow as pa

        return io.BufferedReader(pa.CompressedInputStream(str(path), "zstd"))
    return path.open("rb")


def _opened(path: Path, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return archive.open(name)
    except (NotImplementedError, RuntimeError) as error:
        raise InvalidInputError.of(
            "unreadable", f"{path.name} is locked, or packed in an unusual way: {error}.", "Unpack it first."
        ) from error


def _only_text(path: Path) -> str | None:
    """Return the one text table of an archive; None where there is none, or several, or other data."""
    if not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, OSError):
        return None
    data = [name for name in names if not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")]
    texts = [name for name in data if Path(name).suffix.lower() in SUFFIXES[:2]] or data
    if len(texts) != 1 or Path(texts[0]).suffix.lower() not in SUFFIXES:
        return None
    return None if any(Path(name).suffix.lower() in {".shp", ".gdb", ".gpkg"} for name in data) else texts[0]
