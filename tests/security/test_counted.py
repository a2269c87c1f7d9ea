"""The page says how many inputs there are, and the tests say it, too."""

from tests.security.counted import BEGIN, COUNTS, END, PAGE, SENDERS, table
from tests.security.test_requests_of_ours_attacked import SENDERS as SENT_BY


def test_page_says_how_many_inputs_there_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0].strip() == table()


def test_every_place_that_is_named_is_there_and_has_inputs() -> None:
    for what, (where, count) in COUNTS.items():
        assert (PAGE.parents[1] / "tests" / "security" / where).is_file(), where
        assert count() > 0, what


def test_every_sender_is_counted() -> None:
    assert set(SENDERS) == set(SENT_BY)
