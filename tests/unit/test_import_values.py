from datetime import UTC, datetime

import pandas as pd
import pytest

from boundaries.files.cases.statuses import StatusReader
from boundaries.files.columns import missing_columns, text_or_none
from boundaries.files.times import TimeReader, time_zone
from geogrid.errors import InvalidInputError

SHANGHAI = time_zone("Asia/Shanghai")
NEW_YORK = time_zone("America/New_York")


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31 14:05:00",
        "2024-01-31T14:05",
        "2024/1/31 14:05",
        "2024.01.31 14:05:00.000",
        "2024年1月31日 14时05分",
        "2024年1月31日14:05:00",
        "2024-01-31T06:05:00Z",
        "2024-01-31T06:05:00+00:00",
        "2024-01-31 16:05:00+1000",
    ],
)
def test_times_with_the_year_first_are_read(text: str) -> None:
    assert TimeReader(SHANGHAI).read(text) == datetime(2024, 1, 31, 6, 5, tzinfo=UTC)


def test_a_day_without_time_begins_at_midnight_of_the_zone() -> None:
    assert TimeReader(SHANGHAI).read("2024-01-31") == datetime(2024, 1, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize("text", ["03/04/2024", "3.4.2024 10:00", "03-04-24"])
def test_a_time_that_could_be_two_days_is_not_guessed(text: str) -> None:
    assert TimeReader(SHANGHAI).read(text) == (
        f"{text!r} may be day or month first; name the format, e.g. --time-format '%m/%d/%Y %I:%M:%S %p'"
    )


@pytest.mark.parametrize("text", ["yesterday", "2024-02-30", "2024-01-31 25:00", "20240131", "2024-01-31 14"])
def test_what_is_no_time_is_said_to_be_none(text: str) -> None:
    assert TimeReader(SHANGHAI).read(text) == (
        f"{text!r} is no time; write 2026-01-31 14:05:00, or name the format with --time-format"
    )


def test_a_format_is_taken_at_its_word() -> None:
    reader = TimeReader(NEW_YORK, "%m/%d/%Y %I:%M:%S %p")
    assert reader.read("03/04/2024 02:00:00 PM") == datetime(2024, 3, 4, 19, tzinfo=UTC)
    assert reader.read("2024-03-04") == "'2024-03-04' does not fit --time-format '%m/%d/%Y %I:%M:%S %p'"


def test_of_the_hour_that_comes_twice_the_first_is_meant() -> None:
    assert TimeReader(NEW_YORK).read("2024-11-03 01:30") == datetime(2024, 11, 3, 5, 30, tzinfo=UTC)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        time_zone("Asia/Beijng")
    assert str(caught.value) == "'Asia/Beijng' is no time zone. Use an IANA name such as Asia/Shanghai."


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Completed", "closed"),
        ("Completed - Dup", "closed"),
        ("Open - Dup", "open"),
        ("CLOSED", "closed"),
        ("已办结", "closed"),
        ("处理中", "in_progress"),
        ("Unresolved", "open"),
        ("whatever", None),
    ],
)
def test_statuses_of_other_systems_are_understood(text: str, status: str | None) -> None:
    assert StatusReader().read(text) == status


def test_the_users_own_words_count_first() -> None:
    reader = StatusReader({"Completed - Dup": "open"})
    assert reader.read("Completed - Dup") == "open"
    assert reader.read("Completed") == "closed"


def test_codes_read_as_numbers_are_whole_numbers_again() -> None:
    assert text_or_none(pd.Series([61.0, None, 2.5])) == ["61", None, "2.5"]
    mixed = pd.Series([" a ", "", None, "NULL", 7], dtype=object)
    assert text_or_none(mixed) == ["a", None, None, "NULL", "7"]
    assert text_or_none(mixed, is_text_table=True) == ["a", None, None, None, "7"]


def test_every_missing_column_is_listed_with_those_there_are() -> None:
    problems = missing_columns([("--code", "kode"), ("--name", "x")], ["Code", "label"], "a.shp")
    assert [str(problem) for problem in problems] == [
        "a.shp has no column 'kode' (--code). Did you mean 'Code'? It has: Code, label.",
        "a.shp has no column 'x' (--name). It has: Code, label.",
    ]
