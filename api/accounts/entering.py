"""What every way of signing in ends in: a new session, a line of the audit, and the way onward."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.accounts.door import Doorkeeper, give_cookie
from api.accounts.forms import onward
from api.kit.identity import asked_from, client_of, identity_of
from api.web.rendering import View, page, view_of
from api.web.words import LANGS, speaker
from boundaries.accounts.reading import login_of
from boundaries.accounts.sessions import begin_session, end_session_if_there
from boundaries.audit.recording import Act, add_line


def signed_in(  # noqa: PLR0913 - what is done, and what is kept of it
    request: Request,
    session: Session,
    account_id: int,
    *,
    back: str,
    action: str,
    after: Mapping[str, Any] | None = None,
) -> Response:
    """Return the way onward with the cookie of a new session; the one that the browser had is over.

    Parameters
    ----------
    request : Request
        That signs in.
    session : Session
        Of the store.
    account_id : int
        Whose account.
    back : str
        Path of this server to go on at.
    action : str
        What the audit calls it.
    after : mapping, optional
        What the audit tells besides.
    """
    door, old = door_of(request), identity_of(request)
    if old.session_id is not None:
        end_session_if_there(session, old.session_id)
    agent = request.headers.get("user-agent", "")
    now = datetime.now(UTC)
    secret = begin_session(session, account_id, at=now, limits=door.limits, address=client_of(request), agent=agent)
    add_line(session, Act(login_of(session, account_id), action, "", asked_from(request), after=after))
    reply = onward(request, back)
    give_cookie(request, reply, secret)
    door.forget()
    return reply


def login_page(  # noqa: PLR0913 - what the page tells
    request: Request,
    *,
    back: str,
    login: str = "",
    problem: str = "",
    command: str = "",
    out_at: str = "",
    lang: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    """Return the page that signs in.

    Parameters
    ----------
    request : Request
        That asks for it.
    back : str
        Path of this server to go on at afterwards.
    login : str
        What was typed before.
    problem : str
        Key of the words that say what went wrong.
    command : str
        What an administrator types to mend it.
    out_at : str
        Path that signs out at the provider as well, for who has just signed out here.
    lang : str
        Language of the page, where the address does not say it.
    status : int
        Of the answer.
    """
    sign_on = request.app.state.sign_on
    values = {
        "back": back,
        "login": login[:64],
        "problem": problem,
        "command": command,
        "out_at": out_at,
        "provider": "" if sign_on is None else sign_on.name,
    }
    view = View(lang, speaker(lang)) if lang in LANGS else view_of(request)
    return page(request, "accounts/login.html", view, values=values, status=status)


def door_of(request: Request) -> Doorkeeper:
    """Return who knows who asks."""
    door: Doorkeeper = request.app.state.door
    return door
