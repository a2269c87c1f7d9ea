"""One case on its way in: its point taken or its address looked up, its grid found, stored, nothing lost."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy.orm import Session

from boundaries.addresses.answers import GeocodeAnswer
from boundaries.addresses.context import caller_context, located_of
from boundaries.addresses.geocoding import candidates_many
from boundaries.addresses.remote.fallback import CombinedAnswer
from boundaries.cases.reading import CaseRecord, get_case
from boundaries.cases.reviews import add_review
from boundaries.cases.storing import NewCase, add_cases
from boundaries.store.sight import see_case
from geogrid.access import Reporter, mask_text, mask_value
from geogrid.editions import Edition, Located, grid_shares
from geogrid.errors import ConflictError

API_SOURCE = "api"
_LEAST_SHARE = 0.45
"""Of the error circle, in the grid that has most of it; a point on the line between two grids has half in either."""


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """A case as somebody reports it.

    Parameters
    ----------
    reported_at : datetime
        With offset.
    is_time_stated : bool
        Whether the caller named that time; the same case again need not have it otherwise.
    lon, lat : float, optional
        Degrees, WGS 84; both or neither.
    error_m : float
        Positional error of that point, metres.
    address : str
        Looked up where there is no point, or where the point is outside every grid.
    external_id : str, optional
        Number in the reporting system; the same number again is the same case.
    text, channel, category : str
        As given.
    attributes : dict
        Whatever else the reporting system knows.
    within : str, optional
        Code of the grid, of any level, that the caller or the hotline belongs to; addresses are looked for in it.
    reporter : Reporter
        Who reports it.
    """

    reported_at: datetime
    lon: float | None = None
    lat: float | None = None
    error_m: float = 0.0
    address: str = ""
    external_id: str | None = None
    text: str = ""
    channel: str = ""
    category: str = ""
    attributes: dict[str, Any] | None = None
    within: str | None = None
    reporter: Reporter = field(default_factory=Reporter)
    is_time_stated: bool = True

    def masked(self) -> "CaseDraft":
        """Return it as it may be looked up, sent elsewhere and written down."""
        return replace(self, text=mask_text(self.text), address=mask_text(self.address))

    @property
    def words(self) -> str:
        """What may say where the case is: its address, or where it has no point either, its text."""
        return self.address.strip() or (self.text.strip() if self.lon is None else "")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a case is: its point, how it was found, its grid if it has one, and what else there is to say.

    `unsure` is what its address may mean where none of it is sure enough to act upon.
    """

    lon: float | None
    lat: float | None
    located_by: Literal["point", "address"] | None
    error_m: float
    located: Located | None
    note: dict[str, Any]
    unsure: tuple[GeocodeAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenCase:
    """A stored case, whether it is new, and where it is."""

    case: CaseRecord
    is_new: bool
    placed: Placement


def take_case(
    session: Session,
    jurisdiction_id: int,
    edition: Edition | None,
    draft: CaseDraft,
    *,
    remote: CombinedAnswer | None = None,
) -> TakenCase:
    """Place a case and store it; one that cannot be placed is stored without a grid, for somebody to place.

    Parameters
    ----------
    session : Session
        Not committed.
    jurisdiction_id : int
        Whose case.
    edition : Edition, optional
        In force; without one the case has no grid.
    draft : CaseDraft
        The case.
    remote : CombinedAnswer, optional
        What a remote geocoder says of its address, asked before this transaction began; it counts where the own
        addresses are not sure.

    Returns
    -------
    TakenCase
        The stored case; with `is_new` False where its `external_id` was stored before.

    Raises
    ------
    ConflictError
        The `external_id` is stored with other words or another place.
    UnavailableError
        It has numbers of persons, and the keys that seal them are lost.
    """
    placed = place(session, jurisdiction_id, edition, draft, remote=remote)
    case = _new_case(draft, placed)
    # Who reports sees this one case of all, also if it is there already.
    see_case(session, jurisdiction_id, case.source, case.source_key)
    added = add_cases(session, jurisdiction_id, [case])[0]
    stored = get_case(session, added.id)
    if not added.is_new:
        _refuse_other_content(stored, draft)
    elif placed.lon is None and (draft.address.strip() or placed.unsure):
        add_review(session, jurisdiction_id, draft.masked().words, placed.unsure, case_id=added.id)
    return TakenCase(stored, added.is_new, placed)


def is_open(session: Session, jurisdiction_id: int, edition: Edition | None, draft: CaseDraft) -> bool:
    """Return whether a case has an address of which neither its point nor the own addresses say where it is."""
    if not draft.address.strip():
        return False
    placed = place(session, jurisdiction_id, edition, draft)
    return placed.located is None and placed.located_by != "address"


def place(
    session: Session,
    jurisdiction_id: int,
    edition: Edition | None,
    draft: CaseDraft,
    *,
    remote: CombinedAnswer | None = None,
) -> Placement:
    """Return where a case is: by its point if that is in a grid, else by its address, else by what there is."""
    draft = draft.masked()
    by_point = None
    if draft.lon is not None and draft.lat is not None:
        found = None if edition is None else edition.locate(draft.lon, draft.lat, error_m=draft.error_m)
        by_point = Placement(draft.lon, draft.lat, "point", draft.error_m, found, {})
        if found is not None:
            return by_point
    by_address = _by_address(session, jurisdiction_id, edition, draft, remote or CombinedAnswer(None))
    if by_address is not None and (by_point is None or by_address.located is not None):
        return by_address
    told = {"remote": remote.note} if remote is not None and remote.note else {}
    return by_point or Placement(None, None, None, 0.0, None, {"reason": _no_point(draft), **told})


def _by_address(
    session: Session, jurisdiction_id: int, edition: Edition | None, draft: CaseDraft, remote: CombinedAnswer
) -> Placement | None:
    if not draft.words:
        return None
    context = caller_context(edition, within=draft.within)
    (answers,) = candidates_many(session, jurisdiction_id, [draft.words], context)
    if remote.answer is not None and (not answers or answers[0].needs_review):
        answers = [remote.answer, *answers]
    if not answers:
        return None
    answer = answers[0]
    doubt = "which is not sure" if answer.needs_review else _doubt_of_grid(edition, answer)
    if doubt:
        reason = f"{draft.words!r:.200} may mean {answer.address!r}, {doubt}; it waits for a person."
        told = {"reason": reason} | ({"remote": remote.note} if remote.note else {})
        return Placement(None, None, None, 0.0, None, told, tuple(answers))
    error_m = answer.positional_error_m
    located = None if edition is None else located_of(edition, answer)
    note: dict[str, Any] = {"matched": answer.address, "level": answer.matched_level, "score": round(answer.score, 3)}
    if answer is remote.answer:
        note["remote"] = answer.why[0]
    if draft.lon is not None:
        note |= {"given_lon": draft.lon, "given_lat": draft.lat}
    return Placement(answer.lon, answer.lat, "address", error_m, located, note)


def _doubt_of_grid(edition: Edition | None, answer: GeocodeAnswer) -> str:
    """Return why the grid of an answer is not sure: its circle spreads over grids of which none has enough of it."""
    if edition is None or answer.grid in edition.grids:
        return ""
    shares = grid_shares(edition, answer.lon, answer.lat, answer.positional_error_m)
    largest = max((share.share for share in shares if share.grid is not None), default=1.0)
    if largest >= _LEAST_SHARE:
        return ""
    return f"whose circle of {answer.positional_error_m:.0f} m is {largest:.0%} in one grid at most"


def _no_point(draft: CaseDraft) -> str:
    return f"The address {draft.address!r} was not found." if draft.address.strip() else "Neither point nor address."


def _new_case(draft: CaseDraft, placed: Placement) -> NewCase:
    note = dict(placed.note)
    if placed.located is not None:
        note["grid"] = placed.located.grid.code
    elif placed.lon is not None:
        note["reason"] = "The point is outside every grid."
    return NewCase(
        source=API_SOURCE,
        source_key=draft.external_id or uuid4().hex,
        external_id=draft.external_id,
        reported_at=draft.reported_at,
        channel=draft.channel,
        category=draft.category,
        text=draft.text,
        address=draft.address,
        lon=placed.lon,
        lat=placed.lat,
        located_by=placed.located_by,
        positional_error_m=placed.error_m,
        grid_id=None if placed.located is None else placed.located.grid.id,
        attributes=draft.attributes or {},
        placing=note,
        reporter=draft.reporter,
    )


def _refuse_other_content(stored: CaseRecord, draft: CaseDraft) -> None:
    # As far as it is masked: who sends a number of his choice must not learn whether it is the sealed one.
    pairs: dict[str, tuple[object, object]] = {
        name: (mask_text(getattr(stored, name)), mask_text(getattr(draft, name)))
        for name in ("text", "channel", "category", "address")
    }
    pairs["attributes"] = mask_value(dict(stored.attributes)), mask_value(draft.attributes or {})
    if draft.is_time_stated:
        pairs["reported_at"] = stored.reported_at, draft.reported_at
    if draft.reporter and stored.reporter is not None:
        pairs["reporter"] = (dict(stored.reporter), draft.reporter.masked())
    if draft.lon is not None and stored.located_by == "point":
        pairs |= {"lon": (stored.lon, draft.lon), "lat": (stored.lat, draft.lat)}
    different = [name for name, (before, now) in pairs.items() if before != now]
    if different:
        raise ConflictError(
            f"Case {draft.external_id!r} is stored already (number {stored.id}) with another {', '.join(different)}. "
            "Send it unchanged, or under another external_id."
        )
