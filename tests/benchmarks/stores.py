"""A private PostgreSQL for one benchmark, gone when it ends."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store.settings import StoreSettings


@contextmanager
def private_store(*, durable: bool = False) -> Iterator[StoreSettings]:
    """Start a cluster in a home of its own until the end of the block; it has no tables yet."""
    home = Path(tempfile.mkdtemp(prefix="geogrid-bench-"))
    cluster = PrivateCluster(home, durable=durable)
    try:
        yield StoreSettings(database_url=cluster.ensure(), home=home)
    finally:
        cluster.stop()
        shutil.rmtree(home)


def open_to_all(settings: StoreSettings) -> Mapping[str, str]:
    """Return the variables of a server of a store that lets everybody do everything: what is measured is the work."""
    return {
        # The private cluster of the home: the server logs in as its own role, as it does for its users.
        "GEOGRID_DATABASE_URL": "",
        "GEOGRID_HOME": str(settings.home),
        "GEOGRID_OPEN": "all",
    }
