"""No cell of a table that people open is run as a formula, whoever wrote it and whichever way it came out."""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from boundaries.text import cells
from boundaries.text.cells import CellWriter, unled, write_table
from tests.http.conftest import Town, client, database, settings, store_cases, town, town_template
from tests.security.hostile_texts import FORMULAS

__all__ = ["client", "database", "settings", "town", "town_template"]  # fixtures

RUN = re.compile("[\\s]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a cell begins that a spreadsheet runs, blanks before it counted."""

AT = datetime(2026, 2, 1, tzinfo=UTC)


def cells_of(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def assert_none_is_run(text: str) -> None:
    run = [cell for cell in cells_of(text) if RUN.match(cell) and not re.fullmatch(r"-[\d.]+", cell)]
    assert run == []


def test_cells_of_every_writer_are_led_and_read_back() -> None:
    rows, frame = io.StringIO(newline=""), io.StringIO(newline="")
    CellWriter(rows).write_all([text] for text in FORMULAS)
    write_table(frame, pd.DataFrame({"=name": FORMULAS}))
    for written in (rows.getvalue(), frame.getvalue()):
        assert_none_is_run(written)
        assert [unled(cell) for cell in cells_of(written)][-len(FORMULAS) :] == list(FORMULAS)


def test_nothing_else_writes_rows() -> None:
    top, own = Path(cells.__file__).resolve().parents[2], Path(cells.__file__).resolve()
    words = ("csv.writer", "DictWriter", ".to_csv(", "pacsv.write", "to_excel(")
    found = [
        str(path.relative_to(top))
        for room in ("api", "boundaries", "geogrid")
        for path in (top / room).rglob("*.py")
        if path.resolve() != own and any(word in path.read_text("utf-8") for word in words)
    ]
    assert found == []


@pytest.mark.parametrize(
    "address",
    ["/cases?f=csv", "/collections/cases/items?f=csv&limit=1000", "/cases?f=csv&bom=true"],
)
def test_tables_of_cases_run_nothing(
    settings: ServerSettings,
    engine: Engine,
    town: Town,
    address: str,
) -> None:
    hostile = [
        NewCase(text, f"{text}{number}", AT, text=text, address=text, category=text, lon=10.5, lat=50.5)
        for number, text in enumerate(FORMULAS)
    ]
    store_cases(engine, town, *hostile)
    fields = ("channel", "category", "text", "address", "external_id")
    with TestClient(create_app(settings.model_copy(update={"public_case_fields": fields}))) as asked:
        reply = asked.get(address)
    assert reply.status_code == 200, reply.text
    assert_none_is_run(reply.content.decode("utf-8-sig"))
    assert "HYPERLINK" in reply.text


def test_table_of_addresses_runs_nothing(client: TestClient) -> None:
    sent = io.StringIO(newline="")
    csv.writer(sent).writerows([["q"], *([text] for text in FORMULAS)])
    reply = client.post(
        "/geocode", content=sent.getvalue().encode(), headers={"Content-Type": "text/csv", "Accept": "text/csv"}
    )
    assert reply.status_code == 200, reply.text
    assert_none_is_run(reply.text)
    assert "HYPERLINK" in reply.text
