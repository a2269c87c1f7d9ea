"""``/geocode/reviews``: addresses that a person has to look at, and what was chosen."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.cases.schemas import ChoiceBody, ReviewList
from api.kit.bodies import BodyRoute
from api.kit.identity import author_of
from api.kit.parameters import refuse_repeats
from api.kit.queries import OfJurisdiction
from api.kit.replies import json_reply
from api.kit.values import Allowed
from api.state.dependencies import Editions, OpenStore
from boundaries.cases.reviews import AddressReview, open_reviews, resolve_review

router = APIRouter(
    prefix="/geocode/reviews", tags=["geocode"], dependencies=[Depends(refuse_repeats)], route_class=BodyRoute
)

ReviewNumber = Annotated[int, Path(ge=1, le=2**63 - 1), Allowed("a whole number from 1")]


@router.get("", responses={200: {"model": ReviewList}})
def list_reviews(query: Annotated[OfJurisdiction, Query()], editions: Editions, store: OpenStore) -> Response:
    """List the addresses that wait for a person, oldest first, 100 at most, with what each may mean."""
    calendar = editions.calendar(query.jurisdiction)
    with store.unit_of_work() as session:
        waiting = open_reviews(session, calendar.id)
    return json_reply({"reviews": [_shape(review) for review in waiting]})


@router.post("/{review_id}", status_code=204, response_class=Response)
def choose(  # noqa: PLR0913, PLR0917 - what a handler is given
    request: Request,
    review_id: ReviewNumber,
    query: Annotated[OfJurisdiction, Query()],
    body: ChoiceBody,
    editions: Editions,
    store: OpenStore,
) -> Response:
    """Say where an address is: its case gets this place and its grid, and the same words are found from now on."""
    calendar = editions.calendar(query.jurisdiction)
    edition = editions.edition(calendar)
    with store.unit_of_work() as session:
        resolve_review(
            session, calendar.id, review_id, (body.lon, body.lat), by=author_of(request, body.by), edition=edition
        )
    return Response(status_code=204)


def _shape(review: AddressReview) -> dict[str, Any]:
    return {
        "id": review.id,
        "question": review.question,
        "case": review.case_id,
        "candidates": list(review.candidates),
        "created_at": review.created_at,
    }
