"""Who asks, and what that lets him do: one value a request, put there by the gate before anything else runs."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

from fastapi import Request
from starlette.types import Scope as AsgiScope

from geogrid.access import EVERYBODY, Action, Grant, Reach, Role, Sight, Target, reach_of, roles_for
from geogrid.errors import ForbiddenError, InvalidInputError, SignInNeededError

IDENTITY: Final = "geogrid.identity"
TOWN: Final = "geogrid.town"
"""The jurisdiction that a request is about which names none: the first where who asks may do what he asks for."""
PEER: Final = "geogrid.peer"
"""Host and port of the other end of a connection, before headers of proxies are looked at."""
CLOSING: Final = "geogrid.closing"
"""Event that is set when a connection is to end, although its answer goes on."""
HEAD_ONLY: Final = "geogrid.head"
"""Whether only the head of an answer is asked for, which is made as for GET."""
VOUCHER: Final = "geogrid.voucher"
"""The proxy that says who asks, where one does."""
_EVERYTHING: Final = Reach(Sight.PLAIN, proven=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks.

    Parameters
    ----------
    kind : {"anonymous", "session", "token", "proxy"}
        How he is known; a proxy vouches for who has neither session nor token here.
    login, name : str
        Of the account; empty for anonymous.
    grants : tuple of Grant
        What he has, what everybody has among it.
    is_unlimited : bool
        Whether he may everything.
    account_id, session_id : int, optional
        The account, and the session of a browser.
    form_token : str
        What forms of this session carry.
    """

    kind: Literal["anonymous", "session", "token", "proxy"] = "anonymous"
    login: str = ""
    name: str = ""
    grants: tuple[Grant, ...] = (EVERYBODY,)
    is_unlimited: bool = False
    account_id: int | None = None
    session_id: int | None = None
    form_token: str = ""

    @property
    def is_ambient(self) -> bool:
        """Whether a browser shows who asks by itself, also where a page of another site makes it ask."""
        return self.kind in {"session", "proxy"}

    @property
    def is_known(self) -> bool:
        """Whether an account asks."""
        return self.kind != "anonymous"

    def reach(self, action: Action, jurisdiction: str | None) -> Reach:
        """Return how far he reaches with an action in a jurisdiction now."""
        return _EVERYTHING if self.is_unlimited else reach_of(self.grants, action, jurisdiction, datetime.now(UTC))

    def may(self, action: Action, target: Target) -> bool:
        """Return whether he may do something now, be it on masked texts only."""
        return self.reach(action, target.jurisdiction).sight(target) is not Sight.NOTHING

    def reaches_anywhere(self, action: Action) -> bool:
        """Return whether there is any jurisdiction where he reaches something with an action."""
        towns = {None, *(grant.jurisdiction for grant in self.grants)}
        return any(self.reach(action, town) for town in towns)

    def require(self, action: Action, target: Target) -> None:
        """Refuse what he may not do.

        Raises
        ------
        SignInNeededError
            Nobody who is known asks.
        ForbiddenError
            The account has no grant for it; the message says which roles have.
        """
        if not self.may(action, target):
            raise self.refusal(action, target.jurisdiction)

    def refusal(self, action: Action, jurisdiction: str | None = None) -> SignInNeededError | ForbiddenError:
        """Return the error of an action that is not his."""
        roles = ", ".join(role.value for role in roles_for(action) if role is not Role.PUBLIC)
        where = f" in {jurisdiction}" if jurisdiction else ""
        if not self.is_known:
            return SignInNeededError(f"This needs an account ({action}{where}: {roles}). Sign in, or send a token.")
        return ForbiddenError(
            f"{self.login} may not do this: {action}{where} needs one of the roles {roles}, for this place. "
            "Ask an administrator for it."
        )


def client_of(request: Request) -> str:
    """Return the address that a request comes from, as headers of proxies on this machine have it."""
    return request.client.host if request.client else ""


def asked_from(request: Request) -> str:
    """Return where a request comes from, as the audit has it: also which proxy vouches for who asks."""
    client, peer = client_of(request), request.scope.get(VOUCHER)
    return f"{client} by proxy {peer}" if peer else client


def identity_of(request: Request) -> Identity:
    """Return who asks; for a request that no route takes, nobody who is known."""
    found = identity_in(request.scope)
    return Identity() if found is None else found


def identity_in(scope: AsgiScope) -> Identity | None:
    """Return who asks, as the gate has put it; None before the gate."""
    found: Identity | None = scope.get(IDENTITY)
    return found


def author_of(request: Request, by: str) -> str:
    """Return who is to be named for a change: the account that asks, else what was typed.

    Raises
    ------
    InvalidInputError
        An account asks in another name than its own.
    """
    identity = identity_of(request)
    if not identity.is_known:
        return by
    if by and by != identity.login:
        raise InvalidInputError.of(
            "by",
            f"`by` is {by[:80]!r}, and the request is that of {identity.login}.",
            "Leave it out: a change is signed with the account that makes it.",
            subject="by",
        )
    return identity.login


def with_everybodys(identity: Identity, everybody: Identity) -> Identity:
    """Return an identity that also has what everybody has."""
    return replace(
        identity,
        grants=(*identity.grants, *everybody.grants),
        is_unlimited=identity.is_unlimited or everybody.is_unlimited,
    )
