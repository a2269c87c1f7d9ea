"""Files that an attacker hands in: XML that takes in others, packed files that grow, names that lead away."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

SECRET: Final = "the-secret-of-another-file"

LEADS: Final[Mapping[str, str]] = {
    "file": '<!DOCTYPE x [<!ENTITY e SYSTEM "{file}">]>',
    "network": '<!DOCTYPE x [<!ENTITY e SYSTEM "{network}">]>',
    "public": '<!DOCTYPE x [<!ENTITY e PUBLIC "-//x//y" "{network}">]>',
    "outer type": '<!DOCTYPE x SYSTEM "{network}"[<!ENTITY e "v">]>',
    "parameter": '<!DOCTYPE x [<!ENTITY % p SYSTEM "{network}"> %p; <!ENTITY e "v">]>',
    "laughs": '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "{laughs}"><!ENTITY e "{more}">]>',
    "quadratic": '<!DOCTYPE x [<!ENTITY e "{long}">]>',
    "small letters": '<!doctype x [<!ENTITY e SYSTEM "{file}">]>',
    "after comments": '<!-- <kml> --><?x y?><!DOCTYPE x [<!ENTITY e SYSTEM "{file}">]>',
    "far down": '<!--{padding}--><!DOCTYPE x [<!ENTITY e SYSTEM "{file}">]>',
}
"""What stands before the first element."""

_COORDINATES: Final = "112.9,28.1 113,28.1 113,28.2 112.9,28.1"
BODIES: Final[Mapping[str, str]] = {
    ".kml": '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>&e;</name><Polygon><outerBoundaryIs>'
    f"<LinearRing><coordinates>{_COORDINATES}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    "</Document></kml>",
    ".gml": '<c:C xmlns:c="urn:c" xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><c:t><c:code>&e;</c:code>'
    "<c:g><gml:Polygon><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>112,28 113,28 113,29 112,28"
    "</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs></gml:Polygon></c:g></c:t></gml:featureMember></c:C>",
    ".gpx": '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="28" lon="112"><name>&e;</name>'
    "</wpt></gpx>",
    ".osm": '<osm version="0.6"><node id="1" lat="28" lon="112" version="1"><tag k="name" v="&e;"/></node></osm>',
    ".geojson": '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>&e;</name><Point><coordinates>1,2'
    "</coordinates></Point></Placemark></kml>",
}
PACKINGS: Final = ("plain", "utf-8 with a mark", "utf-16", "utf-16 without a mark", "gzip", "zip")


@dataclass(frozen=True, slots=True)
class Lure:
    """Where the secret is: a file beside, and a machine that notes who asks."""

    file: str
    network: str

    def text(self, lead: str, body: str) -> str:
        """Return a document with one of `LEADS`."""
        laughs, more = "&a;" * 500, "&b;" * 500
        filled = LEADS[lead]
        for name, value in {
            "file": self.file, "network": self.network, "laughs": laughs, "more": more, "long": "x" * 8_000,
            "padding": "p" * 20_000,
        }.items():  # fmt: skip
            filled = filled.replace("{" + name + "}", value)
        return f'<?xml version="1.0"?>{filled}{body}'


def packed(folder: Path, name: str, text: str, packing: str) -> Path:
    """Write a document as one of `PACKINGS`."""
    path = folder / name
    match packing:
        case "utf-8 with a mark":
            path.write_text(text, encoding="utf-8-sig")
        case "utf-16":
            path.write_text(text, encoding="utf-16")
        case "utf-16 without a mark":
            path.write_text(text, encoding="utf-16-le")
        case "gzip":
            path = path.with_name(f"{name}.gz")
            path.write_bytes(gzip.compress(text.encode()))
        case "zip":
            path = path.with_suffix(".zip")
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(name, text)
        case _:
            path.write_text(text, encoding="utf-8")
    return path


def documents(folder: Path, lure: Lure) -> Iterator[tuple[str, Path]]:
    """Yield every document of XML that takes in something, in every packing, with what it is."""
    for suffix, body in BODIES.items():
        for lead in LEADS:
            for packing in PACKINGS:
                yield f"{suffix} {lead} {packing}", packed(folder, f"town{suffix}", lure.text(lead, body), packing)


PARTS: Final = (
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/styles.xml",
    "xl/worksheets/sheet1.xml",
    "_rels/.rels",
)


def workbooks(folder: Path, lure: Lure) -> Iterator[tuple[str, Path]]:
    """Yield workbooks of which one part takes in something."""
    for part in PARTS:
        for lead in LEADS:
            path = folder / "table.xlsx"
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in sound_parts().items():
                    changed = lure.text(lead, content.partition("?>")[2]) if name == part else content
                    archive.writestr(name, changed)
            yield f"{part} {lead}", path


def sound_parts(sheet: str | None = None) -> dict[str, str]:
    """Return the parts of a small workbook; `sheet` is the XML of its one sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["id", "text"])
    page.append(["1", "lamp"])
    sink = io.BytesIO()
    book.save(sink)
    with zipfile.ZipFile(sink) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    declared = '<?xml version="1.0"?>'
    parts = {name: text if text.startswith("<?xml") else declared + text for name, text in parts.items()}
    if sheet is not None:
        parts["xl/worksheets/sheet1.xml"] = declared + sheet
    return parts


_SHEET: Final = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>{}'
    "</worksheet>"
)
_MERGED: Final = '<mergeCell ref="A2:XFD1048576"/>'
_ROW: Final = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>'


def _workbook(path: Path, sheet: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sound_parts(sheet).items():
            archive.writestr(name, text)


def _padded_part(path: Path, part: str, size: int) -> None:
    """A workbook with one part of zeros that says its size truly."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in sound_parts().items():
            if name != part:
                archive.writestr(name, text)
        with archive.open(part, "w", force_zip64=True) as file:
            for _ in range(size >> 20):
                file.write(bytes(1 << 20))


def _zip_of(path: Path, name: str, size: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(name, "w") as file:
        for _ in range(size >> 20):
            file.write(b" " * (1 << 20))


def _lying_zip(path: Path) -> None:
    """An archive whose directory says that a member of nothing has 2^62 bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("town.geojson", "{}")
        archive.filelist[0].file_size = 1 << 62
    path.write_bytes(sink.getvalue())


def _stream(opened: Callable[..., object], beginning: bytes, filler: bytes, mb: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with opened(path, "wb") as file:  # type: ignore[attr-defined]
            file.write(beginning)
            for _ in range(mb):
                file.write(filler * ((1 << 20) // len(filler)))

    return make


def _nested(path: Path) -> None:
    """An archive in an archive in an archive, ten of each."""
    content = gzip.compress(b" " * (1 << 20))
    for _ in range(3):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}.zip", content)
        content = sink.getvalue()
    path.write_bytes(content)


def _block(size: int, packed: bytes) -> bytes:
    """A block of PBF that says it comes to a size."""
    blob = b"\x10" + _varint(size) + b"\x1a" + _varint(len(packed)) + packed
    header = b"\x0a\x09OSMHeader\x18" + _varint(len(blob))
    return struct.pack(">I", len(header)) + header + blob


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _many_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1_500):
            archive.writestr(f"{number}.geojson", "{}")


def _table(path: Path, records: int) -> None:
    """A DBF in an archive whose head promises what is not there."""
    field = b"CODE".ljust(11, b"\0") + b"C" + bytes(4) + bytes([1]) + bytes(15)
    head = struct.pack("<B3xIHH20x", 3, records, 65, 2) + field + b"\r"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.dbf", head)
        archive.writestr("t.shp", bytes(100))


BOMBS: Final[Mapping[str, tuple[str, Callable[[Path], None]]]] = {
    "csv of one line, gzip": ("t.csv.gz", _stream(gzip.open, b"id,text\n1,", b"x", 40)),
    "csv whose head does not end, gzip": ("t.csv.gz", _stream(gzip.open, b"id", b"x", 40)),
    "csv with a quote that does not end, gzip": ("t.csv.gz", _stream(gzip.open, b'id,text\n1,"', b"xy\n", 40)),
    "workbook, shared texts": ("t.xlsx", lambda path: _padded_part(path, "xl/sharedStrings.xml", 600 << 20)),
    "workbook, styles": ("t.xlsx", lambda path: _padded_part(path, "xl/styles.xml", 600 << 20)),
    "workbook, row 10^12": ("t.xlsx", lambda p: _workbook(p, _SHEET.format(_ROW + '<row r="999999999999"/>', ""))),
    "workbook, row 1e12": ("t.xlsx", lambda p: _workbook(p, _SHEET.format(_ROW + '<row r="1e12"/>', ""))),
    "workbook, merged cells on each other": (
        "t.xlsx",
        lambda p: _workbook(
            p,
            _SHEET.format(_ROW + "<row/>" * 2_000, "<mergeCells>" + _MERGED * 20_000 + "</mergeCells>"),
        ),
    ),
    "workbook, 20,000 parts": (
        "t.xlsx",
        lambda p: _archive_of(p, {**sound_parts(), **{f"x{n}.xml": "<x/>" for n in range(20_000)}}),
    ),
    "archive of a member of 9 GB": ("t.zip", lambda p: _huge_member(p)),  # noqa: PLW0108 - it comes later
    "archive that lies": ("t.zip", _lying_zip),
    "archive of 1,500 members": ("t.zip", _many_members),
    "archives in archives": ("t.zip", _nested),
    "table of 4 billion records": ("t.zip", lambda path: _table(path, 2**32 - 1)),
    "block of an extract of 2 GB": ("t.osm.pbf", lambda p: p.write_bytes(_block(2**31, zlib.compress(b"x")))),
    "block of an extract of 2^62": ("t.osm.pbf", lambda p: p.write_bytes(_block(2**62, zlib.compress(b"x")))),
    "block of an extract that lies": (
        "t.osm.pbf",
        lambda p: p.write_bytes(_block(1, zlib.compress(bytes(64 << 20), 9))),
    ),
    "extract of blanks, gzip": ("t.osm.gz", _stream(gzip.open, b"<osm>", b" ", 100)),
    "extract of blanks, bzip2": ("t.osm.bz2", _stream(bz2.open, b"<osm>", b" ", 100)),
    "extract of blanks, xz": ("t.osm.xz", _stream(lzma.open, b"<osm>", b" ", 100)),
    "comments without end": ("t.geojson", lambda p: p.write_text("<!---->" * 2_000 + "<x")),
    "brackets": ("t.geojson", lambda p: p.write_text('{"type":"FeatureCollection","features":' + "[" * 200_000)),
    "parquet of a word in a million rows": ("t.parquet", lambda path: _word_in_many_rows(path, 1_000_000)),
    "parquet of a word of 20 MB": ("t.parquet", lambda path: _word_in_many_rows(path, 1, 20_000_000)),
    "tar": ("t.tar", lambda path: tarfile.open(path, "w").close()),
}
"""Names of files and what writes them, by what they are."""


def _word_in_many_rows(path: Path, rows: int, characters: int = 1_000_000) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * characters]))
    pq.write_table(pa.table({"id": words}), path, compression="zstd")


def _archive_of(path: Path, parts: Mapping[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def _huge_member(path: Path) -> None:
    """A member of 9 GB of zeros: nine megabytes, written once and told again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    content = piece * 64 + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("town.geojson", content)
        archive.filelist[0].compress_type = zipfile.ZIP_DEFLATED
        archive.filelist[0].file_size = 9 << 30


@dataclass(frozen=True, slots=True)
class Away:
    """A path, or a file, that leads elsewhere."""

    what: str
    path: Path


def ways_away(folder: Path, lure: Lure) -> Iterator[Away]:
    """Yield paths that GDAL would take for more than a file, and files that lead to others."""
    port = lure.network
    for name in (
        f"/vsicurl/{port}", f"/vsicurl_streaming/{port}", "/vsimem/x", f"/vsizip//vsicurl/{port}", "/vsistdin/",
        f"/vsizip/{lure.file}/x", f"/vsigzip/{lure.file}", f"/vsisubfile/0_100,{lure.file}", "/vsis3/bucket/x",
        "/vsiaz/x/y", "/vsigs/x/y", "/vsihdfs/x", "/vsiwebhdfs/x", f"/vsicrypt/key=x,file={lure.file}",
        f"/vsicached?file={lure.file}", f"/vsitar/{lure.file}", f"/vsi7z/{lure.file}", "/vsirar/x",
        f"WFS:{port}", f"OAPIF:{port}", f"GeoJSON:{port}", f"ESRIJSON:{port}", f"MVT:{port}", f"CSW:{port}",
        f"PG:host=127.0.0.1 user={SECRET}", "MYSQL:x", "ODBC:x", "MSSQL:x", f"GPKG:{lure.file}:x",
        f"SQLITE:{lure.file}",
        f"OGR_VRT:{lure.file}", f"<OGRVRTDataSource><SrcDataSource>{lure.file}</SrcDataSource></OGRVRTDataSource>",
        '{"type":"FeatureCollection","features":[]}', f"zip://{lure.file}!x",
        f"{lure.file}!x", "town\0.geojson", "../" * 40 + "etc/passwd\0.geojson", f"{port}/x.geojson", "s3://x/y",
        f"file://{lure.file}", f"GML:{lure.file}", f"S57:{lure.file}", f"NAS:{lure.file}", "-", "/dev/stdin",
        "/proc/self/environ",
    ):  # fmt: skip
        yield Away(name[:60], Path(name))
    for name in ("PG:host=127.0.0.1 dbname=x", f"WFS:{port.replace('/', '_')}", "MYSQL:x", "town.zip!x", "<x>.geojson"):
        path = folder / name
        path.write_text(SECRET)
        yield Away(f"a file called {name}", path)
    for what, target in {
        "a link": lure.file,
        "a link to a device": "/dev/zero",
        "a link to itself": "loop.geojson",
    }.items():
        path = folder / ("loop.geojson" if target == "loop.geojson" else f"link{len(target)}.geojson")
        path.symlink_to(target)
        yield Away(what, path)
    for name in ("../../outside.geojson", "/etc/outside.geojson", "a\\..\\..\\outside.geojson", "C:\\outside.geojson"):
        path = folder / "climbing.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, SECRET)
        yield Away(f"an archive with {name}", path)
    path = folder / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("town.geojson")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, lure.file)
    yield Away("an archive with a link", path)
    inner = folder / "folder.gdb"
    inner.mkdir(exist_ok=True)
    (inner / "town.vrt").write_text(f"<OGRVRTDataSource><OGRVRTLayer name='town'><SrcDataSource>{lure.file}"
                                    "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>")  # fmt: skip
    yield Away("a folder with a description", inner)
    for number, (what, system) in enumerate(_systems(port).items()):
        path = folder / f"system{number}.geojson"
        shape = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}'
        path.write_text(f'{{"type":"FeatureCollection","crs":{system},"features":[{shape}]}}')
        yield Away(what, path)


def _systems(port: str) -> dict[str, str]:
    return {
        "a system by link": f'{{"type":"link","properties":{{"href":"{port}/crs","type":"proj4"}}}}',
        "a system by address": f'{{"type":"url","properties":{{"url":"{port}/crs"}}}}',
        "a system by the name of an address": f'{{"type":"name","properties":{{"name":"{port}/crs"}}}}',
        "a system by the name of a file": '{"type":"name","properties":{"name":"/etc/passwd"}}',
        "a system by a network path": f'{{"type":"name","properties":{{"name":"/vsicurl/{port}/crs"}}}}',
    }
