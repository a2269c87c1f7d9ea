"""The kinds of jobs that this GeoGrid knows: handlers live in their rooms and are put together here."""

from functools import partial
from typing import Final

from api.changes.webhooks.deliverer import Deliverer
from api.changes.webhooks.settings import WebhookSettings
from api.state.store import Store
from boundaries.cases.handover import HAND_OVER, hand_over
from boundaries.changes.deliveries import DELIVER
from boundaries.jobs.records import Kind, Kinds

KNOWN_KINDS: Final = frozenset({HAND_OVER, DELIVER})


def job_kinds(store: Store, settings: WebhookSettings) -> Kinds:
    """Return every kind of job with its handler.

    Parameters
    ----------
    store : Store
        For handlers that settle more than once, and for local copies of indexes.
    settings : WebhookSettings
        Of deliveries.
    """
    return {
        HAND_OVER: Kind(partial(hand_over, indexes=store.indexes)),
        DELIVER: Deliverer(store, settings).kind(),
    }
