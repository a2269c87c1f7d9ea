"""``geogrid webhook``: whom the server tells of changes."""

import base64
import json
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from api.cli.output.store_session import open_session
from geogrid.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from boundaries.changes.webhooks import Webhook

_SECRET_BYTES = 32


@click.group()
def command() -> None:
    """Tell other applications of changes; `geogrid serve` delivers.

    Each change is posted as JSON, signed in the way of Standard Webhooks, and tried again until the receiver takes it
    or it becomes a dead letter.
    """


@command.command(short_help="Tell an address of changes.")
@click.argument("url")
@click.option("--jurisdiction", help="Code of the jurisdiction; needed only where there are several.")
@click.option(
    "--on",
    "types",
    multiple=True,
    metavar="TYPE",
    help="What to tell, e.g. edition.published, case.received or case.*; repeat it. Default: everything.",
)
@click.option(
    "--since", type=click.IntRange(min=0), help="Begin after this number of the feed. Default: with the next."
)
def add(url: str, jurisdiction: str | None, types: tuple[str, ...], since: int | None) -> None:
    """Tell the address URL of changes, and print the secret that signs them: it is not shown again.

    Receivers may not be on this machine unless GEOGRID_WEBHOOK_NETWORKS says so.
    """
    from boundaries.changes.webhooks import NewWebhook, add_webhook
    from boundaries.jurisdictions.reading import the_jurisdiction

    _check_types(types)
    remark = _check_target(url)
    secret = secrets.token_bytes(_SECRET_BYTES)
    with open_session() as session:
        new = NewWebhook(url, secret, types, since)
        added = add_webhook(session, the_jurisdiction(session, jurisdiction), new)
    click.echo(f"Webhook {added.id} tells what comes after change {added.position}.{remark}")
    click.echo(f"Secret: whsec_{base64.b64encode(secret).decode()}")


@command.command("list", short_help="Show whom the server tells, and how it goes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs; with the dead letters.")
def show(as_json: bool) -> None:
    """Show the webhooks and how they fare; secrets are not shown."""
    from boundaries.changes.webhooks import dead_letters, list_webhooks

    with open_session() as session:
        for webhook in list_webhooks(session):
            if as_json:
                letters = [asdict(letter) for letter in dead_letters(session, webhook.id)]
                click.echo(json.dumps(asdict(webhook) | {"url": _shown(webhook.url), "letters": letters}, default=str))
            else:
                click.echo(_as_text(webhook))


@command.command(short_help="Tell an address nothing more.")
@click.argument("number", type=int)
def remove(number: int) -> None:
    """Remove the webhook NUMBER, with whatever still waits for it."""
    from boundaries.changes.webhooks import remove_webhook

    with open_session() as session:
        remove_webhook(session, number)
    click.echo(f"Webhook {number} is removed.")


@command.command(short_help="Try dead letters again.")
@click.argument("number", type=int)
def retry(number: int) -> None:
    """Go on with the webhook NUMBER at once, and try again what had been given up."""
    from boundaries.changes.webhooks import retry_webhook

    with open_session() as session:
        revived = retry_webhook(session, number)
    click.echo(
        f"Webhook {number} goes on; {revived} dead {'letter is' if revived == 1 else 'letters are'} tried again."
    )


def _check_types(types: tuple[str, ...]) -> None:
    wrong = [each for each in types if not each.removesuffix("*").startswith(("case.", "plan.", "edition."))]
    if wrong:
        raise InvalidInputError.of(
            "webhook-type",
            f"No change is of the type {', '.join(wrong)}.",
            "There are edition.published, plan.* (created, edit, state ...) and case.* (received, assigned ...).",
            subject="on",
        )


def _check_target(url: str) -> str:
    """Refuse an address where webhooks may not go; return a remark on one that cannot be judged now."""
    from api.changes.webhooks.settings import WebhookSettings
    from api.changes.webhooks.targets import allowed_address, read_target

    target = read_target(url)
    try:
        allowed_address(target, WebhookSettings().webhook_networks)
    except UnavailableError as error:
        return f" {error} It is tried nevertheless."
    return "" if target.is_https else " Without https anybody on the way can read what it is told."


def _shown(url: str) -> str:
    """Return an address without its query, which may hold a secret of the receiver."""
    path, mark, _ = url.partition("?")
    return f"{path}?..." if mark else path


def _as_text(webhook: "Webhook") -> str:
    lines = [
        f"{webhook.id}  {_shown(webhook.url)}  ({webhook.jurisdiction}: {', '.join(webhook.types) or 'everything'})"
    ]
    lines.append(f"   delivered {webhook.delivered}, waiting {webhook.waiting}, dead letters {webhook.dead}")
    if not webhook.is_active:
        lines.append(f"   stopped: {webhook.last_error} To go on: geogrid webhook retry {webhook.id}")
    elif webhook.last_error:
        paused = f", next try at {webhook.paused_until:%Y-%m-%d %H:%M:%S} UTC" if webhook.paused_until else ""
        lines.append(f"   failed {webhook.failures} times in a row{paused}: {webhook.last_error}")
    return "\n".join(lines)
