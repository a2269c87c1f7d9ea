"""``/changes``: what happened, in the order in which it became true; nothing is missed by who follows it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from api.changes.bodies import entry_shape
from api.changes.schemas import ChangesAnswer, ChangesQuery
from api.kit.links import JSON, link, same_page
from api.kit.parameters import refuse_repeats
from api.kit.replies import is_known, json_reply, not_modified
from api.state.dependencies import OpenSession
from boundaries.changes.feed import changes_after, last_number, require_given
from boundaries.jurisdictions.reading import the_jurisdiction

router = APIRouter(tags=["changes"], dependencies=[Depends(refuse_repeats)])

_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing new."},
    404: {"description": "There is no such jurisdiction."},
    409: {"description": "No change has had the number `since` yet: it is of another store, or this was restored."},
}


@router.get(
    "/changes",
    responses={200: {"model": ChangesAnswer}, **_ANSWERS},
)
def changes(request: Request, query: Annotated[ChangesQuery, Query()], session: OpenSession) -> Response:
    """List what happened to plans, editions and cases after the number `since`, oldest first.

    Numbers only grow, and a change becomes visible together with its number: whoever asks with `next_since` of the
    last answer misses none, however long the writers took. A link `next` is there while more is stored; once there is
    none, ask again with `next_since`. With the header If-None-Match the answer is 304 until something happens.
    """
    jurisdiction = the_jurisdiction(session, query.jurisdiction)
    require_given(session, query.since)
    # Read first: an entry that becomes visible later has a greater number.
    last = last_number(session, jurisdiction.id)
    kinds = tuple(query.kind) or None
    entries = changes_after(session, jurisdiction.id, query.since, kinds=kinds, limit=query.limit + 1)
    page, has_more = entries[: query.limit], len(entries) > query.limit
    following = page[-1].number if has_more else max(query.since, last, *(entry.number for entry in page))
    etag = f'"{following}-{len(page)}"'
    if is_known(request, etag):
        return not_modified(etag)
    links = [link(same_page(request), "self", JSON, "This page")]
    if has_more:
        links.append(link(same_page(request, since=following), "next", JSON, "Later changes"))
    body = {"changes": [entry_shape(entry) for entry in page], "next_since": following, "links": links}
    return json_reply(body, links=links, headers={"ETag": etag, "Cache-Control": "no-cache"})
