"""What is known of one person: given to him, and erased, when he asks for it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from boundaries.audit.recording import note
from boundaries.cases.reading import events_of, get_case
from boundaries.cases.reporters import REPORTER, WORDS, open_apart, parts_with, remove_apart
from geogrid.access import PersonalNumber, numbers_in


@dataclass(frozen=True, slots=True)
class PersonCases:
    """Cases of a person.

    Parameters
    ----------
    reported : tuple of int
        Those that he reported.
    mentioned : tuple of int
        Those of others in whose texts his number stands.
    """

    reported: tuple[int, ...]
    mentioned: tuple[int, ...]


def cases_of_person(session: Session, number: PersonalNumber, *, jurisdiction_id: int | None = None) -> PersonCases:
    """Return the cases of whoever has a number, in one jurisdiction or in all.

    Raises
    ------
    UnavailableError
        Keys that are needed are lost.
    """
    found = parts_with(session, number, jurisdiction_id=jurisdiction_id)
    reported = tuple(case_id for case_id, parts in found.items() if REPORTER in parts)
    return PersonCases(reported, tuple(case_id for case_id in found if case_id not in set(reported)))


def export_person(session: Session, number: PersonalNumber, *, jurisdiction_id: int | None = None) -> dict[str, Any]:
    """Return all that is known of a person, as JSON; raises as `cases_of_person`.

    Of cases of others there is only that his number stands in them: their words are not his.
    """
    found = cases_of_person(session, number, jurisdiction_id=jurisdiction_id)
    opened = open_apart(session, [*found.reported, *found.mentioned])
    reported = []
    for case_id in found.reported:
        case = get_case(session, case_id)
        words = {"text": case.text, "address": case.address, "channel": case.channel, "category": case.category}
        reported.append(
            {
                "case": case_id,
                "jurisdiction": case.jurisdiction,
                "external_id": case.external_id,
                "reported_at": case.reported_at.isoformat(),
                "closed_at": None if case.closed_at is None else case.closed_at.isoformat(),
                "status": case.status,
                "reporter": opened[case_id].reporter.values(),
                **words,
                "attributes": dict(case.attributes),
                **opened[case_id].words,
                "history": [{"at": event.at.isoformat(), "kind": event.kind} for event in events_of(session, case_id)],
            }
        )
    mentioned = [
        {"case": case_id, "in": [name for name, value in opened[case_id].words.items() if number in numbers_in(value)]}
        for case_id in found.mentioned
    ]
    note(after={"by": number.kind.value, "cases": [*found.reported, *found.mentioned]})
    return {"by": number.kind.value, "reported": reported, "mentioned": mentioned}


def erase_person(session: Session, number: PersonalNumber, *, jurisdiction_id: int | None = None) -> PersonCases:
    """Remove what is known of a person for good, and return from which cases; raises as `cases_of_person`.

    The cases stay, with their texts masked, so that counts stay.
    """
    found = cases_of_person(session, number, jurisdiction_id=jurisdiction_id)
    remove_apart(session, found.reported, reason="asked for")
    remove_apart(session, found.mentioned, reason="asked for", parts=(WORDS,))
    note(after={"by": number.kind.value, "cases": [*found.reported, *found.mentioned]})
    return found
