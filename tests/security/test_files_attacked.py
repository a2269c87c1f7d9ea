"""Files of an attacker are refused in a sentence, in bounded time and memory; nothing else is read or asked."""

import resource
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pyogrio.errors import DataSourceError, FeatureError

from boundaries.files import gdal
from boundaries.files.osm_files import is_extract, openable
from boundaries.files.points.text import open_text
from boundaries.files.polygons import read_grid_layer
from boundaries.files.table_reader import read_frame
from geogrid.errors import GeogridError
from tests.security.hostile_files import BOMBS, SECRET, Lure, documents, ways_away, workbooks

MOST_S, MOST_MB = 20.0, 400.0


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def lure(tmp_path_factory: pytest.TempPathFactory, asked: list[str]) -> Iterator[Lure]:
    """A file with a secret, and a machine that notes who asks."""

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - as the class wants it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text(SECRET)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield Lure(str(secret), f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def by_any_reader(path: Path) -> str:
    """Read a file as the commands do that take such a name; return all that came of it as text."""
    if path.name.lower().endswith((".csv.gz", ".xlsx")):
        return read_frame(path).to_string()
    if is_extract(path):
        with openable(path) as extract:
            return "".join(gdal.read_dataframe(extract, layer=layer).to_string() for layer in gdal.list_layers(extract))
    return read_grid_layer(path, crs="EPSG:4326").frame.to_string()


def outcome(read: Callable[[Path], str], path: Path) -> tuple[str, str]:
    """Return what was read and, where it was refused, the sentence; any other exception is a fault."""
    try:
        return read(path), ""
    except (GeogridError, FeatureError, DataSourceError) as error:
        return "", str(error)


def test_xml_takes_in_nothing_else(tmp_path: Path, lure: Lure, asked: list[str]) -> None:
    for what, path in documents(tmp_path, lure):
        content, refusal = outcome(by_any_reader, path)
        assert refusal, f"{what} was read: {content[:200]}"
        assert SECRET not in refusal
        path.unlink()
    assert asked == []


def test_workbook_takes_in_nothing_else(tmp_path: Path, lure: Lure, asked: list[str]) -> None:
    for what, path in workbooks(tmp_path, lure):
        content, refusal = outcome(by_any_reader, path)
        assert "DOCTYPE" in refusal, f"{what}: {content[:200]} {refusal}"
    assert asked == []


@pytest.mark.parametrize("bomb", BOMBS)
def test_packed_file_is_bounded_in_time_and_memory(tmp_path: Path, bomb: str) -> None:
    name, write = BOMBS[bomb]
    path = tmp_path / name
    write(path)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    content, refusal = outcome(by_any_reader, path)
    assert refusal, content[:200]
    assert time.process_time() - began < MOST_S
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MB


def test_points_of_a_line_without_end_are_refused(tmp_path: Path) -> None:
    name, write = BOMBS["csv of one line, gzip"]
    path = tmp_path / name
    write(path)
    with (
        pytest.raises(GeogridError, match=r"16,777,216 characters"),
        open_text(path, x="id", y="text", new="grid", encoding=None) as source,
    ):
        list(source.pieces)


def test_no_path_and_no_file_leads_elsewhere(tmp_path: Path, lure: Lure, asked: list[str]) -> None:
    for away in ways_away(tmp_path, lure):
        content, refusal = outcome(by_any_reader, away.path)
        assert SECRET not in content, away.what
        assert refusal or "a system" in away.what, f"{away.what} was read: {content[:200]}"
    assert asked == []
