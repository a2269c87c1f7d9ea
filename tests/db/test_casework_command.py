"""`geogrid casework`: rules given, shown, refused whole, with their line in the audit."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from api.cli import main
from boundaries.cases.reading import NewCase
from boundaries.store.engine import open_engine, unit_of_work
from tests.fixtures_db import Database
from tests.http.conftest import store_cases, store_town

AT = datetime(2026, 2, 1, tzinfo=UTC)
LIMITS = {"received": {"amount": 2, "unit": "working_days"}}


def run(database: Database, *words: str, given: str | None = None) -> Result:
    environment = {"GEOGRID_DATABASE_URL": database.url, "GEOGRID_HOME": str(database.settings.home)}
    return CliRunner().invoke(main, ["casework", *words], env=environment, input=given)


def test_rules_are_given_shown_and_given_back(database: Database, tmp_path: Path) -> None:
    engine = open_engine(database.settings)
    town = store_town(engine)
    store_cases(engine, town, NewCase("file", "a", AT, text="lamp", lon=10.5, lat=50.5))
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"limits": LIMITS}), "utf-8")
    told = run(database, "set", str(file), "--profile", "full", "--country", "CN", "--years", "2026")
    assert told.exit_code == 0, told.output
    assert "1 open case got the first limit" in told.output
    shown = run(database, "show").stdout
    rules = json.loads(shown)
    assert (rules["profile"], rules["limits"]) == ("full", LIMITS)
    assert {"2026-02-17", "2026-10-07"} <= set(rules["calendar"]["days_off"])
    assert {"2026-02-14", "2026-09-20"} <= set(rules["calendar"]["workdays"])
    assert rules["calendar"]["known_to"] == "2026-12-31"
    again = run(database, "set", "-", given=shown)
    assert again.exit_code == 0, again.output
    assert run(database, "show").stdout == shown
    with unit_of_work(engine) as session:
        kept = session.execute(text("select after from audit where action = 'towns.write' order by id")).all()
    assert [row.after["profile"] for row in kept] == ["full", "full"]
    engine.dispose()


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        (("set", "--country", "XX"), None, "No holidays are known of the country 'XX'"),
        (("set", "--country", "CN", "--years", "soon"), None, "not like 2026-2027"),
        (("set", "--country", "CN", "--years", "2027-2026"), None, "not in order"),
        (("set", "-"), "{", "no JSON"),
        (("set", "-"), "[]", "no object of rules"),
        (("set", "-"), '{"limits": {"received": {"amount": 1.5, "unit": "natural_days"}}}', "counted whole"),
        (("set", "-"), '{"calendar": {"zone": "Mars/Olympus"}}', "no time zone 'Mars/Olympus'"),
        (("set", "-"), '{"calendar": {"weekend": ["six"]}}', "The calendar is none"),
        (
            ("set", "-"),
            '{"limits": {"received": {"amount": 1e999, "unit": "working_hours"}}}',
            "not above 0 and at most",
        ),
    ],
)
def test_wrong_rules_are_refused_and_nothing_is_stored(
    database: Database, words: tuple[str, ...], given: str | None, told: str
) -> None:
    engine = open_engine(database.settings)
    store_town(engine)
    answer = run(database, *words, given=given)
    assert (answer.exit_code, told in answer.output) == (1, True), answer.output
    with unit_of_work(engine) as session:
        assert session.execute(text("select count(*) from casework_rules")).scalar_one() == 0
    engine.dispose()
