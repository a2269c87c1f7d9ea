"""Answers as they are described at ``/api``; a test holds every real answer against its model."""

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of the models: nothing but what is described."""

    model_config = ConfigDict(extra="forbid")


class Link(Answer):
    """A link, as OGC API writes it."""

    href: str
    rel: str
    type: str
    title: str


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    name: str | None = None
    place: str | None = Field(None, alias="in", description="query, path, or body")
    value: str | None = None
    allowed: str | None = None
    kind: str | None = None
    detail: str


class ProblemAnswer(Answer):
    """An error, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault] = []
    errors_not_listed: int = 0
