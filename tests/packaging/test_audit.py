"""What `make audit` says of what a database of faults answers."""

import json

from tests.packaging.audit import verdict

CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
FAULTY = {"name": "jinja2", "version": "2.4", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.5", "3.0"]}]}
UNKNOWN = {"name": "secret", "skip_reason": "Dependency not found on PyPI"}


def said(*packages: object) -> tuple[str, int]:
    return verdict(json.dumps({"dependencies": packages, "fixes": []}), "")


def test_known_faults_are_named_with_what_mends_them_and_fail() -> None:
    assert said(CLEAN, FAULTY) == (
        "jinja2 2.4: PYSEC-1, mended in 2.5, 3.0\n2 packages asked about, 1 with known faults.",
        1,
    )


def test_what_could_not_be_asked_about_is_counted() -> None:
    assert said(CLEAN, UNKNOWN) == (
        "1 package asked about, 0 with known faults; 1 could not be asked about.",
        0,
    )


def test_database_out_of_reach_is_no_clean_answer() -> None:
    assert said(UNKNOWN) == ("No database of faults knows any of the 1 package from here: nothing was audited.", 0)
    sentence, status = verdict("", "Traceback ...\nConnectionError: no route")
    assert (sentence, status) == ("No database of faults could be asked: ConnectionError: no route", 0)
