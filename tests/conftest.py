"""Fixtures of every test."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures_db", "tests.fixtures_browser"]

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
# What the tests are about is mostly open to everybody; those of accounts and rights say otherwise themselves.
os.environ.setdefault("GEOGRID_OPEN", "all")
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# Set-up of the session that takes tens of seconds, with the group of tests that is to share it.
COSTLY = {"demo": "demo", "ogc_town": "ogc"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put tests that share a set-up in one group: the processes of `--dist loadgroup` would each make it anew."""
    assert isinstance(item, pytest.Function)
    groups = [group for fixture, group in COSTLY.items() if fixture in item.fixturenames]
    made = item._fixtureinfo.name2fixturedefs
    if not groups and any(each.scope == "module" for name in item.fixturenames for each in made.get(name, ())):
        groups = [item.path.stem]
    for group in groups:
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Look for cycles seldom, and only among what tests make, not among a million objects of libraries."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = not SHARED_DATA.is_dir() and not os.environ.get("CI")
    for item in items:
        if missing and item.get_closest_marker("shared_data"):
            item.add_marker(pytest.mark.skip(reason="the folder shared/data is not beside the checkout"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return SHARED_DATA
