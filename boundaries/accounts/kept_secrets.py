"""Secrets of accounts: read one account at a time, by a function of the database; no other statement gets at them."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_SECRETS: Final = text("select password_hash, totp_secret from secrets_of_account(:account)")
_NOBODY: Final = 0


@dataclass(frozen=True, slots=True)
class KeptSecrets:
    """Hash of the password and secret of the second factor; None for what the account does not have."""

    password_hash: str | None = field(default=None, repr=False)
    totp_secret: str | None = field(default=None, repr=False)


def secrets_of(session: Session, account_id: int | None) -> KeptSecrets:
    """Return the secrets of an account; none of nobody, at the same cost."""
    row = session.execute(_SECRETS, {"account": account_id or _NOBODY}).one_or_none()
    return KeptSecrets() if row is None else KeptSecrets(row.password_hash, row.totp_secret)
