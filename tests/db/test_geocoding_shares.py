"""The important rows of tests/benchmarks/geocoding.py at a smaller size."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from boundaries.cluster.private_cluster import PrivateCluster
from tests.benchmarks.geocoding import row_chicago, row_chinese, row_queens, row_shanghai
from tests.fixtures_db import start_or_skip

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[PrivateCluster]:
    home = Path(tempfile.mkdtemp(prefix="geogrid-test-"))
    cluster = PrivateCluster(home, durable=False)
    try:
        start_or_skip(cluster)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(home)


def test_elements_of_unseen_chinese_addresses_are_tagged() -> None:
    assert row_chinese()["all"] >= 0.905


def test_noisy_addresses_of_queens_are_found(own_cluster: PrivateCluster) -> None:
    found = row_queens(own_cluster, 400, 20)
    assert found.ours.right >= 0.98
    assert found.ours.answered_wrong <= 0.002


def test_unknown_addresses_of_chicago_are_found_between_known_ones(own_cluster: PrivateCluster) -> None:
    found = row_chicago(own_cluster, 1_000, 100)
    assert found.ours.right >= 0.97
    assert found.ours.answered_wrong <= 0.008
    assert found.not_right <= found.plain_wrong / 4


def test_places_of_shanghai_are_found_in_their_grid(own_cluster: PrivateCluster) -> None:
    found = row_shanghai(own_cluster, 10**9, 200)
    assert found.ours.right >= 0.985
    assert found.not_right <= found.plain_wrong / 5
