"""Fixtures of every test."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.fixtures_db"]

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = not SHARED_DATA.is_dir() and not os.environ.get("CI")
    for item in items:
        if missing and item.get_closest_marker("shared_data"):
            item.add_marker(pytest.mark.skip(reason="the folder shared/data is not beside the checkout"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return SHARED_DATA
