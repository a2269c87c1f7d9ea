"""``geogrid account link`` and ``unlink``: who an account is at a provider of OpenID Connect."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from api.cli.output.store_session import open_session
from geogrid.errors import InvalidInputError

Function = TypeVar("Function", bound=Callable[..., Any])


def _elsewhere(function: Function) -> Function:
    issuer = click.option("--issuer", help="Address of the provider. Default: GEOGRID_OIDC_ISSUER.")
    subject = click.option("--subject", required=True, help="Who it is there: the claim `sub`, not a name.")
    return issuer(subject(function))


@click.command(short_help="Let somebody sign in through the provider.")
@click.argument("login")
@_elsewhere
def link(login: str, issuer: str | None, subject: str) -> None:
    """Let whoever the provider of OpenID Connect calls SUBJECT sign in as the account LOGIN.

    Who signs in there and is not linked is shown this command with the right words in it.
    """
    from boundaries.accounts.identities import link_identity

    with open_session() as session:
        link_identity(session, login, issuer=_issuer(issuer), subject=subject)
    click.echo(f"{login} signs in as {subject} of {_issuer(issuer)}.")


@click.command(short_help="Undo a link to the provider.")
@click.argument("login")
@_elsewhere
def unlink(login: str, issuer: str | None, subject: str) -> None:
    """Let SUBJECT sign in as the account LOGIN no more, and end the sessions of the account."""
    from boundaries.accounts.identities import unlink_identity

    with open_session() as session:
        unlink_identity(session, login, issuer=_issuer(issuer), subject=subject)
    click.echo(f"{login} no longer signs in as {subject} of {_issuer(issuer)}; every session is over.")


def _issuer(named: str | None) -> str:
    from boundaries.accounts.openid.settings import OpenIDSettings

    issuer = named or OpenIDSettings().oidc_issuer
    if not issuer:
        message = "No provider is named."
        raise InvalidInputError.of("issuer", message, "Give --issuer, or set GEOGRID_OIDC_ISSUER.", subject="issuer")
    return issuer
