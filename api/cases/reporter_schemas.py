"""Who reported a case, in bodies of requests and in answers."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.kit.answers import Answer
from api.kit.values import Allowed, Personal, ShortText, checked_text
from geogrid.access import NumberKind, PersonalNumber, Reporter, plain_number

MOST_REASON: Final = 500


def _in_words(text: str) -> str:
    if not text.strip():
        raise ValueError("it is blank")
    return text.strip()


def _with_digits(text: str) -> str:
    if text and not _DIGITS.fullmatch(text.strip()):
        raise ValueError("it is none")
    return text.strip()


def _with_at(text: str) -> str:
    if text and not _MAIL.fullmatch(text.strip()):
        raise ValueError("it is none")
    return text.strip()


_DIGITS: Final = re.compile(r"[+(]?(?:[0-9\uff10-\uff19A-Za-z][-\u2010-\u2015 ().]*){5,30}")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
NumberText = Annotated[
    ShortText,
    AfterValidator(_with_digits),
    Allowed("a number of 5 to 30 digits or letters, with blanks, hyphens and brackets between them"),
]
MailText = Annotated[ShortText, AfterValidator(_with_at), Allowed("an address of mail, such as name@example.org")]
Reason = Annotated[
    str,
    Field(min_length=1, max_length=MOST_REASON, description="Why it is needed; kept in the audit."),
    AfterValidator(checked_text),
    AfterValidator(_in_words),
    Allowed("a reason in words, of 1 to 500 characters"),
]


class ReporterBody(BaseModel):
    """Who reports a case: kept apart from it, sealed, and shown masked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ShortText = ""
    telephone: NumberText = ""
    email: MailText = ""
    identity_number: NumberText = ""

    def to_reporter(self) -> Reporter:
        """Return the reporter of the store."""
        return Reporter(self.name.strip(), self.telephone, self.email, self.identity_number)


class RevealBody(BaseModel):
    """Why what is known of a reporter is to be shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Annotated[Reason, Personal()]


class NumberBody(RevealBody):
    """A number of a person, one of the three, whose cases are to be found, and why."""

    telephone: Annotated[NumberText, Personal()] = ""
    email: Annotated[MailText, Personal()] = ""
    identity_number: Annotated[NumberText, Personal()] = ""

    @model_validator(mode="after")
    def _check_one(self) -> "NumberBody":
        if len(self._given()) != 1:
            raise ValueError("give one of telephone, email and identity_number")
        return self

    def _given(self) -> list[PersonalNumber]:
        return [plain_number(kind, getattr(self, kind)) for kind in NumberKind if getattr(self, kind)]

    def to_number(self) -> PersonalNumber:
        """Return the number as numbers are compared."""
        return self._given()[0]


class MaskedReporter(Answer):
    """Who reported a case, masked."""

    name: str = ""
    telephone: str = ""
    email: str = ""
    identity_number: str = ""


class KnownReporter(MaskedReporter):
    """Who reported a case, in plain words."""

    other: dict[str, str] = Field(default={}, description="Numbers by which other systems know him.")


class RevealedReporter(Answer):
    """What is sealed of a case, opened."""

    case: int
    reporter: KnownReporter
    words: dict[str, Any] = Field(
        description="Text, address, channel, category and attributes as they were sent, of those that were masked."
    )
