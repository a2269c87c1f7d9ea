"""Starting a private PostgreSQL again that has died under a running server."""

import logging
import time
from typing import Final

from boundaries.cluster.private_cluster import PrivateCluster
from geogrid.errors import UnavailableError

_FIRST_S: Final = 1.0
_MOST_S: Final = 60.0

logger = logging.getLogger(__name__)


class Healer:
    """Starts the private database again, with a pause that doubles after each try that failed.

    Parameters
    ----------
    cluster : PrivateCluster, optional
        Without one the database is somebody else's to start.
    """

    def __init__(self, cluster: PrivateCluster | None) -> None:
        self._cluster = cluster
        self._tries = 0
        self._next_at = 0.0
        self.told = ""

    def heal(self) -> bool:
        """Start the database if it has died and the pause is over; return whether it was started."""
        cluster = self._cluster
        if cluster is None or time.monotonic() < self._next_at or not self._has_died(cluster):
            return False
        self._tries += 1
        pause_s = min(_FIRST_S * 2 ** (self._tries - 1), _MOST_S)
        self.told = f"The private database has died and is being started again (try {self._tries})."
        logger.warning("The private database has died; it is started again (try %d).", self._tries)
        try:
            cluster.ensure(even_if_stopped=False)
        except UnavailableError as error:
            self._next_at = time.monotonic() + pause_s
            self.told = f"The private database has died; the next try to start it is due in {pause_s:.0f} s."
            logger.warning("The private database does not start: %s The next try is in %.0f s.", error, pause_s)
            return False
        logger.warning("The private database runs again.")
        self._tries, self._next_at, self.told = 0, time.monotonic() + _FIRST_S, ""
        return True

    @staticmethod
    def _has_died(cluster: PrivateCluster) -> bool:
        try:
            return cluster.exists and cluster.running() is None and not cluster.is_stopped_on_purpose
        except UnavailableError:
            return False
