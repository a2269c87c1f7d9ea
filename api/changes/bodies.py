"""An entry of the feed as the address ``/changes`` and webhooks tell it."""

from boundaries.changes.feed import FeedEntry


def entry_shape(entry: FeedEntry) -> dict[str, object]:
    """Return an entry as the plain dictionary that JSON is made of."""
    return {
        "number": entry.number,
        "type": entry.type,
        "at": entry.at,
        "kind": entry.kind,
        "plan": entry.plan_id,
        "version": entry.version,
        "case": entry.case_id,
        "by": entry.made_by,
        "detail": dict(entry.detail),
    }
