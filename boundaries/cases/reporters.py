"""Reporters and the numbers in texts: apart from their cases, sealed; the one module that reads and writes them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.sealing import key_named, opening_keys, sealing_key
from boundaries.store.keys import Key
from geogrid.access import PersonalNumber, Reporter, mask_value, numbers_in

REPORTER: Final = "reporter"
WORDS: Final = "words"

_INSERT: Final = text("""
    insert into reporters (case_id, part, key_id, sealed, masked)
    values (:case_id, :part, :key_id, :sealed, cast(:masked as jsonb))
""")
_MARK: Final = text("""
    insert into reporter_marks (case_id, part, mark) values (:case_id, :part, :mark) on conflict do nothing
""")
_SELECT: Final = text("""
    select case_id, part, key_id, sealed from reporters where case_id = any(:cases) order by case_id, part
""")
_FIND: Final = text("""
    select distinct m.case_id, m.part from reporter_marks m join cases c on c.id = m.case_id
    where m.mark = any(:marks) and (cast(:jurisdiction as int) is null or c.jurisdiction_id = :jurisdiction)
    order by m.case_id, m.part
""")
_REMOVE: Final = text("""
    with gone as (
        delete from reporters where case_id = any(:cases) and part = any(:parts) returning case_id
    ),
    told as (
        insert into case_events (case_id, kind, detail)
        select distinct case_id, 'reporter_removed', jsonb_build_object('reason', cast(:reason as text)) from gone
        returning case_id
    )
    select count(*) from told
""")
_NEXT: Final = text("""
    select case_id, part, key_id, sealed from reporters where key_id <> :key_id
    order by case_id, part limit :limit for update
""")
_RESEAL: Final = text("""
    update reporters set key_id = :key_id, sealed = :sealed where case_id = :case_id and part = :part
""")
_UNMARK: Final = text("delete from reporter_marks where case_id = :case_id and part = :part")
_IN_USE: Final = text("select id from sealing_keys k where exists (select from reporters where key_id = k.id)")
_FORGET: Final = text("""
    delete from sealing_keys k where not exists (select from reporters where key_id = k.id)
        and k.created_at < (select max(created_at) from sealing_keys)
""")
_NEEDED: Final = text("select id from sealing_keys")
_HAS: Final = text("select exists (select from reporters where case_id = :case_id)")


@dataclass(frozen=True, slots=True)
class SetApart:
    """What is not kept with a case.

    Parameters
    ----------
    reporter : Reporter
        Who reported it.
    words : mapping
        Text, address and attributes as they were sent, of those that were masked.
    """

    reporter: Reporter = field(default_factory=Reporter)
    words: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether there is anything."""
        return bool(self.reporter or self.words)

    def parts(self) -> Iterator[tuple[str, dict[str, Any], dict[str, str], set[PersonalNumber]]]:
        """Yield the name, the contents, what may be shown and the numbers of each part."""
        if self.reporter:
            values = self.reporter.values()
            numbers = {*self.reporter.numbers(), *numbers_in(list(values.values()))}
            yield REPORTER, values, self.reporter.masked(), numbers
        if self.words:
            yield WORDS, dict(self.words), {}, set(numbers_in(self.words))


def words_apart(words: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return texts as they are kept with a case, and those of them that were masked as they were sent."""
    kept = {name: mask_value(value) for name, value in words.items()}
    return kept, {name: value for name, value in words.items() if kept[name] != value}


def keep_apart(session: Session, apart: Iterable[tuple[int, SetApart]]) -> None:
    """Seal what does not stay with cases.

    Parameters
    ----------
    session : Session
        Not committed.
    apart : iterable of (int, SetApart)
        By the numbers of the cases, which are stored; those with nothing apart need no key.

    Raises
    ------
    UnavailableError
        The keys are lost or cannot be read: nothing may be stored then.
    """
    given = [(case_id, each) for case_id, each in apart if each]
    if not given:
        return
    key = sealing_key(session)
    rows, marks = [], []
    for case_id, each in given:
        for part, values, masked, numbers in each.parts():
            row = {"case_id": case_id, "part": part, "key_id": key.id, "masked": _json(masked)}
            rows.append(row | {"sealed": _sealed(key, case_id, part, values)})
            marks += [{"case_id": case_id, "part": part, "mark": _mark(key, number)} for number in sorted(numbers)]
    session.execute(_INSERT, rows)
    if marks:
        session.execute(_MARK, marks)


def has_apart(session: Session, case_id: int) -> bool:
    """Return whether anything of a case is sealed."""
    return bool(session.execute(_HAS, {"case_id": case_id}).scalar_one())


def open_apart(session: Session, cases: Sequence[int]) -> dict[int, SetApart]:
    """Open what is sealed of cases; those of which nothing is are left out. Whoever calls this has it audited.

    Raises
    ------
    UnavailableError
        The key is lost, or what is sealed was changed.
    """
    rows = session.execute(_SELECT, {"cases": list(cases)}).all()
    if not rows:
        return {}
    ring = opening_keys(session)
    opened: dict[int, dict[str, Any]] = {}
    for row in rows:
        key = key_named(session, ring, row.key_id)
        opened.setdefault(row.case_id, {})[row.part] = _opened(key, row.case_id, row.part, row.sealed)
    return {
        case_id: SetApart(Reporter.of(parts.get(REPORTER, {})), parts.get(WORDS, {}))
        for case_id, parts in opened.items()
    }


def parts_with(session: Session, number: PersonalNumber, *, jurisdiction_id: int | None = None) -> dict[int, set[str]]:
    """Return the cases, and which parts of them, that hold a number.

    Raises
    ------
    UnavailableError
        The keys are lost or cannot be read.
    """
    ring = opening_keys(session)
    for name in session.scalars(_IN_USE):
        key_named(session, ring, name)
    marks = [_mark(key, number) for key in ring.keys]
    found: dict[int, set[str]] = {}
    for case_id, part in session.execute(_FIND, {"marks": marks, "jurisdiction": jurisdiction_id}):
        found.setdefault(case_id, set()).add(part)
    return found


def remove_apart(
    session: Session, cases: Sequence[int], *, reason: str, parts: Sequence[str] = (REPORTER, WORDS)
) -> int:
    """Remove what is sealed of cases for good; return of how many. Texts stay masked, and counts as they are."""
    values = {"cases": list(cases), "parts": list(parts), "reason": reason}
    return int(session.execute(_REMOVE, values).scalar_one())


def forget_keys(session: Session) -> tuple[str, ...]:
    """Forget the keys that have sealed nothing that is left; return the names of those that are still needed.

    Whoever would still seal with one that is forgotten is refused by the database.
    """
    session.execute(_FORGET)
    return tuple(session.scalars(_NEEDED))


def reseal(session: Session, *, limit: int) -> int:
    """Seal anew what another key than the one that seals has sealed; return how many parts, 0 when all is done.

    Raises
    ------
    UnavailableError
        A key that is needed is lost.
    """
    key, ring = sealing_key(session), opening_keys(session)
    rows = session.execute(_NEXT, {"key_id": key.id, "limit": limit}).all()
    for row in rows:
        place = {"case_id": row.case_id, "part": row.part}
        values = _opened(key_named(session, ring, row.key_id), row.case_id, row.part, row.sealed)
        sealed = _sealed(key, row.case_id, row.part, values)
        session.execute(_RESEAL, {**place, "key_id": key.id, "sealed": sealed})
        session.execute(_UNMARK, place)
        apart = SetApart(Reporter.of(values)) if row.part == REPORTER else SetApart(words=values)
        for _, _, _, numbers in apart.parts():
            for number in sorted(numbers):
                session.execute(_MARK, {**place, "mark": _mark(key, number)})
    return len(rows)


def _sealed(key: Key, case_id: int, part: str, values: Mapping[str, Any]) -> bytes:
    return key.seal(_json(values).encode(), place=_place(case_id, part))


def _opened(key: Key, case_id: int, part: str, sealed: bytes) -> dict[str, Any]:
    opened: dict[str, Any] = json.loads(key.open(bytes(sealed), place=_place(case_id, part)))
    return opened


def _place(case_id: int, part: str) -> str:
    return f"{part} of case {case_id}"


def _mark(key: Key, number: PersonalNumber) -> bytes:
    return key.mark(f"{number.kind}:{number.value}".encode("utf-8", "replace"))


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False, default=str)
