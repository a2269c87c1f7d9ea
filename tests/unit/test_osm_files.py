"""Extracts as people have them: packed anyhow, under any name, histories, halves, nothing at all."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from boundaries.files.osm import read_extract
from boundaries.files.osm_files import is_extract
from geogrid.errors import InvalidInputError

NODES = "".join(f'<node id="{n}" lat="{47 + n % 2 / 500}" lon="{9 + n // 2 / 500}"/>' for n in range(1, 5))
WAY = '<way id="7"><nd ref="1"/><nd ref="2"/><nd ref="4"/><tag k="highway" v="residential"/></way>'
HOUSE = '<way id="8"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="yes"/></way>'
TOWN = f'<?xml version="1.0"?>\n<osm version="0.6">{NODES}{WAY}{HOUSE}</osm>'.encode()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("town.osm", bytes),
        ("town.osm.gz", gzip.compress),
        ("town.osm.bz2", bz2.compress),
        ("town.osm.xz", lzma.compress),
        ("download", bytes),
        ("town.xml", bytes),
        ("town.txt", bz2.compress),
    ],
)
def test_extract_is_known_by_its_content_however_it_is_packed(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / name
    file.write_bytes(pack(TOWN))
    assert is_extract(file)
    found = read_extract(file)
    assert (len(found.barriers), len(found.buildings)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("town.osm.pbf", b"", "empty"),
        ("town.osm.pbf", b"<!DOCTYPE html><html></html>", "begins with <html>"),
        ("town.osm.pbf", bytes(range(256)) * 9, "cannot be read as OpenStreetMap data"),
        ("town.osm", TOWN[:-30], "cannot be read as OpenStreetMap data"),
        ("town.osm.gz", gzip.compress(TOWN, mtime=0)[:-60], "town.osm.gz"),
        ("town.osm.bz2", bz2.compress(TOWN)[:-30], "damaged"),
        ("town.osh", TOWN, "history"),
        ("town.osm", TOWN.replace(b'<way id="7">', b'<way id="7" visible="false">'), "history"),
        ("town.osm", b'<?xml version="1.0"?><osmChange version="0.6"></osmChange>', "begins with <osmChange>"),
    ],
    ids=["empty", "page", "noise", "cut", "cut gzip", "cut bzip2", "history", "deleted way", "change"],
)
def test_what_is_no_whole_extract_is_refused_by_its_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=words) as refused:
        read_extract(file)
    assert name in str(refused.value)


@pytest.mark.parametrize("again", [WAY, HOUSE])
def test_extract_that_has_an_object_twice_is_refused_as_a_history(tmp_path: Path, again: str) -> None:
    file = tmp_path / "town.osm"
    file.write_bytes(TOWN.replace(again.encode(), again.encode() * 2))
    with pytest.raises(InvalidInputError, match=r"town\.osm has objects more than once: it is a history"):
        read_extract(file)


def packed(message: bytes, field: int, pack: Callable[[bytes], bytes]) -> bytes:
    """Return a PBF file whose blocks, packed by zlib, are packed otherwise."""
    out, place = b"", 0
    while place < len(message):
        length = int.from_bytes(message[place : place + 4], "big")
        header = message[place + 4 : place + 4 + length]
        place += 4 + length
        start = header.rindex(b"\x18")
        size = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(header[start + 1 :]))
        blob = message[place : place + size]
        place += size
        plain = zlib.decompress(blob[blob.index(b"\x78") :])
        again = pack(plain)
        new = b"\x10" + varint(len(plain)) + bytes([field << 3 | 2]) + varint(len(again)) + again
        header = header[: start + 1] + varint(len(new))
        out += len(header).to_bytes(4, "big") + header + new
    return out


def varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80]) + varint(value >> 7) if value > 0x7F else bytes([value])


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("field", "pack"),
    [
        (7, lambda plain: pa.Codec("zstd").compress(plain, asbytes=True)),
        (6, lambda plain: pa.Codec("lz4_raw").compress(plain, asbytes=True)),
        (4, lambda plain: lzma.compress(plain, format=lzma.FORMAT_ALONE)),
    ],
)
def test_blocks_packed_by_zstd_lz4_or_lzma_are_read(
    tmp_path: Path, shared_data: Path, field: int, pack: Callable[[bytes], bytes]
) -> None:
    source = shared_data / "osm_towns" / "new_york_suburb.osm.pbf"
    file = tmp_path / "town.osm.pbf"
    file.write_bytes(packed(source.read_bytes(), field, pack))
    found = read_extract(file)
    assert (len(found.barriers), len(found.buildings)) == (453, 1324)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(InvalidInputError, match="not whole"):
        read_extract(file)
