"""Cases as one asker may see them: of which grids, and whether with what is personal masked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
from fastapi import Request
from sqlalchemy.orm import Session

from api.kit.identity import identity_of
from boundaries.cases.filtering import CaseFilter, is_in_grids, was_given
from boundaries.cases.reading import CaseEventRecord, CaseRecord, events_of, get_case, town_of_case
from geogrid.access import Action, Reach, Sight, mask_text, mask_value
from geogrid.errors import InvalidInputError, NotFoundError

_NUMBER_LIKE: Final = re.compile(r"\d{3}|@")
_ON_DUTY: Final = ("to", "holder")


@dataclass(frozen=True, slots=True)
class CaseSight:
    """What one asker sees of the cases of a jurisdiction.

    Parameters
    ----------
    reach : Reach
        How far he reaches.
    login : str
        His account, which may have been given cases; empty for none.
    """

    reach: Reach
    login: str = ""

    @property
    def is_masked(self) -> bool:
        """Whether lists of cases are masked."""
        return self.reach.whole is Sight.MASKED or (self.reach.whole is Sight.NOTHING and bool(self.reach.masked_grids))

    def narrowed(self, wanted: CaseFilter) -> CaseFilter:
        """Return a filter that lets through only what is seen.

        Raises
        ------
        InvalidInputError
            Texts are masked, and the filter would find out what is behind the mask.
        """
        if self.is_masked and (_NUMBER_LIKE.search(wanted.text) or wanted.external_id):
            raise InvalidInputError.of(
                "masked",
                "Numbers in the texts are masked for you, so they cannot be searched for.",
                "Search for words.",
                subject="text" if wanted.text else "external_id",
            )
        if self.reach.whole is not Sight.NOTHING:
            return wanted
        given_to = self.login if self.reach.assigned and self.login else None
        return replace(wanted, within=self.reach.grids | self.reach.masked_grids, given_to=given_to)

    def shown(self, cases: Iterable[CaseRecord]) -> tuple[CaseRecord, ...]:
        """Return the cases of a list as they are seen."""
        return tuple(masked(case) for case in cases) if self.is_masked else tuple(cases)

    def shown_table(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return a table of cases, columns as `case_frame`, as it is seen."""
        if not self.is_masked:
            return frame
        return frame.assign(text=frame["text"].map(mask_text), address=frame["address"].map(mask_text))


def sight_of_cases(request: Request, jurisdiction: str) -> CaseSight:
    """Return what who asks sees of the cases of a jurisdiction."""
    identity = identity_of(request)
    return CaseSight(identity.reach(Action.CASES_READ, jurisdiction), identity.login)


def seen_case(request: Request, session: Session, case_id: int) -> tuple[CaseRecord, tuple[CaseEventRecord, ...]]:
    """Return one case and its events as who asks sees them.

    Raises
    ------
    SignInNeededError, ForbiddenError
        He does not see it.
    NotFoundError
        There is none.
    """
    identity, case = identity_of(request), found_case(request, session, case_id, Action.CASES_READ)
    events = events_of(session, case_id)
    reach = identity.reach(Action.CASES_READ, case.jurisdiction)
    if reach.whole is Sight.PLAIN or (reach.grids and is_in_grids(session, case.id, reach.grids)):
        return case, events
    if reach.assigned and identity.login and was_given(session, case.id, identity.login):
        return case, events
    if reach.whole is Sight.MASKED or (reach.masked_grids and is_in_grids(session, case.id, reach.masked_grids)):
        return masked(case), tuple(_masked_event(event) for event in events)
    raise identity.refusal(Action.CASES_READ, case.jurisdiction)


def found_case(request: Request, session: Session, case_id: int, action: Action) -> CaseRecord:
    """Return a case that the transaction sees; raises as `seen_case`, by what an action needs."""
    try:
        return get_case(session, case_id)
    except NotFoundError:
        town = town_of_case(session, case_id)
        if town is None:
            raise
        raise identity_of(request).refusal(action, town) from None


def _masked_event(event: CaseEventRecord) -> CaseEventRecord:
    # Who is on duty is for others.
    shown = {name: said for name, said in event.detail.items() if event.kind != "escalated" or name not in _ON_DUTY}
    return replace(event, detail=mask_value(shown))


def masked(case: CaseRecord) -> CaseRecord:
    """Return a case with what is personal in its texts masked."""
    return replace(
        case,
        text=mask_text(case.text),
        address=mask_text(case.address),
        external_id=None if case.external_id is None else mask_text(case.external_id),
        attributes=mask_value(case.attributes),
        reporter=None,
    )
