"""Every command of the pages on notifications, on jobs, on Open311 and on the work on cases is run as it stands."""

import re
from pathlib import Path

import orjson
import pytest

from tests.docs.pages import ROOT, commands_of, own_copy, run_commands
from tests.fixtures_db import DemoStore, Server


@pytest.fixture(scope="module")
def outputs(server: Server, demo: DemoStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run the pages, one after the other, and return what each command printed."""
    folder: Path = tmp_path_factory.mktemp("applications")
    with own_copy(server, demo, "applications") as store:
        pages = ("docs/notifications.md", "docs/jobs.md", "docs/open311.md", "docs/casework.md")
        limits, ways_up = re.findall(
            r"```json\n(.*?)```", (ROOT / "docs" / "casework.md").read_text("utf-8"), re.DOTALL
        )
        (folder / "rules.json").write_bytes(orjson.dumps(orjson.loads(limits) | orjson.loads(ways_up)))
        return run_commands([each for page in pages for each in commands_of(page)], store=store, folder=folder)


def printed(outputs: dict[str, str], part: str) -> str:
    return next(out for command, out in outputs.items() if part in command)


def test_feed_is_told_as_the_page_says(outputs: dict[str, str]) -> None:
    body = orjson.loads(printed(outputs, "/changes?since=0"))
    assert [each["number"] for each in body["changes"]] == sorted(each["number"] for each in body["changes"])
    assert len(body["changes"]) == 5


def test_webhook_is_added_shown_and_removed_as_the_page_says(outputs: dict[str, str]) -> None:
    assert "Secret: whsec_" in printed(outputs, "webhook add")
    listed = orjson.loads(printed(outputs, "webhook list --json"))
    assert (listed["types"], listed["url"]) == (["edition.published", "case.*"], "https://dispatch.example.org/geogrid")
    assert "secret" not in listed
    assert "removed" in printed(outputs, "webhook remove")


def test_jobs_are_shown_done_and_tried_again_as_the_page_says(outputs: dict[str, str]) -> None:
    assert re.search(r"^\d+  hand-over \d+  (running|due|waiting)", printed(outputs, "jobs list"))
    assert re.search(r"hand-over \d+  done|Nothing is due", printed(outputs, "jobs run"))
    assert printed(outputs, "jobs list --state failed --json") == ""
    assert printed(outputs, "jobs retry --all") == "0 jobs are tried again.\n"


def test_request_is_posted_as_the_page_says(outputs: dict[str, str]) -> None:
    answer = orjson.loads(printed(outputs, "requests.json"))
    assert "goes to" in answer[0]["service_notice"]
    assert "<duties>" in printed(outputs, "extensions=true")
    assert "no key any more" in printed(outputs, "key remove")


def test_a_case_is_worked_on_as_the_page_says(outputs: dict[str, str]) -> None:
    before, after = (orjson.loads(out) for command, out in outputs.items() if "/cases/1622/actions" in command)
    assert "accept" in [action["action"] for action in before["actions"]]
    assert (after["state"], after["version"]) == ("handling", 1)
    assert orjson.loads(printed(outputs, "holder=sanitation"))["features"] == []
    rules = orjson.loads(printed(outputs, "casework show"))
    assert (rules["profile"], rules["total"]) == ("full", {"amount": 15, "unit": "working_days"})
    assert len(rules["calendar"]["days_off"]) > 10
