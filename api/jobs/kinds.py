"""The kinds of jobs that this GeoGrid knows: handlers live in their rooms and are put together here."""

from functools import partial
from typing import Final

from api.changes.webhooks.deliverer import Deliverer
from api.changes.webhooks.settings import WebhookSettings
from api.state.store import Store
from boundaries.cases.handover import HAND_OVER, hand_over
from boundaries.cases.retention import RETAIN, SEAL_CASES, retain, seal_older_cases
from boundaries.casework.clocks import CLOCKS, find_clocks, tell_clocks
from boundaries.changes.deliveries import DELIVER
from boundaries.jobs.records import Kind, Kinds
from boundaries.plans.tasks import DRAW, RETRIES, draw_plan

KNOWN_KINDS: Final = frozenset({HAND_OVER, DELIVER, RETAIN, SEAL_CASES, DRAW, CLOCKS})


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
        RETAIN: Kind(retain, at_once=1),
        SEAL_CASES: Kind(seal_older_cases, at_once=1),
        CLOCKS: Kind(tell_clocks, find=find_clocks, at_once=1),
        DRAW: Kind(partial(draw_plan, open_session=store.unit_of_work), RETRIES, at_once=1),
    }
