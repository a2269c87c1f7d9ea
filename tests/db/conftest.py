"""Fixtures of the private cluster's own tests: homes to create, break and revive it in."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from boundaries.cluster.private_cluster import PrivateCluster
from tests.db.programs import Geogrid, run_geogrid
from tests.fixtures_db import start_or_skip


def _removed_after(home: Path) -> Iterator[Path]:
    yield home
    PrivateCluster(home).stop()
    shutil.rmtree(home)


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home; not pytest's own folder, which only root may enter."""
    yield from _removed_after(Path(tempfile.mkdtemp(prefix="geogrid-home-")))


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Path]:
    """A home whose cluster is created once for the module; a test starts it if it needs it to run."""
    yield from _removed_after(Path(tempfile.mkdtemp(prefix="geogrid-home-")))


@pytest.fixture
def cluster(shared_home: Path) -> PrivateCluster:
    """A running cluster with GeoGrid's settings for users."""
    cluster = PrivateCluster(shared_home)
    start_or_skip(cluster)
    return cluster


@pytest.fixture
def geogrid() -> Geogrid:
    return run_geogrid
