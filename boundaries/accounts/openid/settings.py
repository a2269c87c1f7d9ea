"""Settings of signing in through a provider, from ``GEOGRID_OIDC_*`` variables."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from boundaries.accounts.rules import checked_issuer
from geogrid.errors import InvalidInputError

_LONGEST_SECRET = 4_096


class OpenIDSettings(BaseSettings):
    """Settings of a provider of OpenID Connect; without an issuer there is none.

    Parameters
    ----------
    oidc_issuer : str, optional
        ``GEOGRID_OIDC_ISSUER``. Address of the provider, exactly as it names itself; https, or http on this machine.
    oidc_client_id : str
        ``GEOGRID_OIDC_CLIENT_ID``. What the provider calls GeoGrid.
    oidc_client_secret, oidc_client_secret_file : str, Path
        ``GEOGRID_OIDC_CLIENT_SECRET``, or better ``GEOGRID_OIDC_CLIENT_SECRET_FILE``: a file whose first line it is.
        Without either GeoGrid is a public client, which PKCE alone proves.
    oidc_name : str
        ``GEOGRID_OIDC_NAME``. What the button of the sign-in page calls the provider; its host, if left out.
    oidc_new : {"refuse", "account"}
        ``GEOGRID_OIDC_NEW``. Whom no account is linked to is refused, or gets an account without any role.
    oidc_scope : str
        ``GEOGRID_OIDC_SCOPE``. What is asked for besides ``openid``.
    oidc_timeout : float
        ``GEOGRID_OIDC_TIMEOUT``. Seconds that one request to the provider may take as a whole.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", env_ignore_empty=True, extra="ignore")

    oidc_issuer: str | None = None
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_client_secret_file: Path | None = None
    oidc_name: str = Field("", max_length=60)
    oidc_new: Literal["refuse", "account"] = "refuse"
    oidc_scope: str = Field("profile", max_length=200)
    oidc_timeout: float = Field(5.0, gt=0, le=30)

    @field_validator("oidc_issuer")
    @classmethod
    def _check_issuer(cls, value: str | None) -> str | None:
        try:
            return None if value is None else checked_issuer(value)
        except InvalidInputError as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="after")
    def _check_provider(self) -> "OpenIDSettings":
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise ValueError("GEOGRID_OIDC_ISSUER is set and GEOGRID_OIDC_CLIENT_ID is not: name both")
        if self.oidc_client_secret.get_secret_value() and self.oidc_client_secret_file is not None:
            raise ValueError("GEOGRID_OIDC_CLIENT_SECRET and GEOGRID_OIDC_CLIENT_SECRET_FILE are both set: keep one")
        self.client_secret()
        return self

    def client_secret(self) -> str:
        """Return the secret that proves who GeoGrid is to the provider; empty for a public client.

        Raises
        ------
        ValueError
            Its file cannot be read, or has no secret in its first line.
        """
        if self.oidc_client_secret_file is None:
            return self.oidc_client_secret.get_secret_value()
        try:
            with self.oidc_client_secret_file.open(encoding="utf-8") as file:
                secret = file.readline(_LONGEST_SECRET + 1).rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise ValueError(f"GEOGRID_OIDC_CLIENT_SECRET_FILE cannot be read: {error}") from error
        if not 1 <= len(secret) <= _LONGEST_SECRET:
            raise ValueError(
                f"the first line of GEOGRID_OIDC_CLIENT_SECRET_FILE is no secret of 1 to {_LONGEST_SECRET} characters"
            )
        return secret

    def provider_name(self) -> str:
        """Return what people see the provider called."""
        return self.oidc_name or urlsplit(self.oidc_issuer or "").hostname or ""
