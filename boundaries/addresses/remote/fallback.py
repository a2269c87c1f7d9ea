"""A remote geocoder asked where the local gazetteer is not sure; its failure is told and changes nothing else."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from boundaries.addresses.answers import GeocodeAnswer
from boundaries.addresses.remote.guard import Guard, Limits
from boundaries.addresses.remote.services import RemoteAnswer, ServiceName, make_service
from geogrid.addresses.match import Inside
from geogrid.errors import UnavailableError

_REMOTE_SCORE = 0.75


class GeocoderSettings(BaseSettings):
    """Settings of the remote geocoder, from ``GEOGRID_GEOCODER*`` variables; without a name there is none.

    Parameters
    ----------
    geocoder : str, optional
        ``GEOGRID_GEOCODER``: nominatim, photon, pelias, tianditu, amap or baidu.
    geocoder_key, geocoder_address : str
        ``GEOGRID_GEOCODER_KEY``, ``GEOGRID_GEOCODER_ADDRESS`` (scheme and host of an own server).
    geocoder_per_second, geocoder_timeout : float
        ``GEOGRID_GEOCODER_PER_SECOND``, ``GEOGRID_GEOCODER_TIMEOUT`` in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", env_ignore_empty=True, extra="ignore")

    geocoder: ServiceName | None = None
    geocoder_key: str = ""
    geocoder_address: str = ""
    geocoder_per_second: float = Field(1.0, gt=0)
    geocoder_timeout: float = Field(5.0, gt=0, le=60)


Remote = Callable[[str], RemoteAnswer | None]


@dataclass(frozen=True, slots=True)
class CombinedAnswer:
    """The answer of the gazetteer or of the service, and what went wrong with the service, if anything did."""

    answer: GeocodeAnswer | None
    note: str = ""
    is_remote: bool = False


def remote_geocoder(settings: GeocoderSettings) -> Remote | None:
    """Return the guarded service that the settings name, None where they name none. Raises as `make_service`."""
    if settings.geocoder is None:
        return None
    ask = make_service(
        settings.geocoder,
        key=settings.geocoder_key,
        address=settings.geocoder_address,
        timeout_seconds=settings.geocoder_timeout,
    )
    return Guard(ask, Limits(per_second=settings.geocoder_per_second, timeout_seconds=settings.geocoder_timeout))


def with_remote(
    question: str, local: GeocodeAnswer | None, remote: Remote | None, *, inside: Inside | None = None
) -> CombinedAnswer:
    """Return the local answer, or where it is missing or unsure that of the service.

    Parameters
    ----------
    question : str
        The address.
    local : GeocodeAnswer, optional
        Of the gazetteer.
    remote : callable, optional
        Of `remote_geocoder`.
    inside : callable, optional
        Whether a longitude and latitude may be meant; an answer of the service elsewhere is left out.
    """
    if remote is None or _is_sure(local):
        return CombinedAnswer(local)
    try:
        found = remote(question)
    except UnavailableError as error:
        return CombinedAnswer(local, f"{error} The local gazetteer answers alone.")
    if found is None:
        return CombinedAnswer(local, "The remote service does not know the address.")
    if inside is not None and not inside(found.lon, found.lat):
        return CombinedAnswer(local, f"{found.service} finds it elsewhere. The local gazetteer answers alone.")
    why = (f"{found.service} says {found.text!r}",)
    answer = GeocodeAnswer(found.lon, found.lat, _REMOTE_SCORE, "name", found.error_m, found.text, why)
    return CombinedAnswer(answer, is_remote=True)


def with_remote_many(
    questions: Sequence[str],
    local: Sequence[GeocodeAnswer | None],
    remote: Remote | None,
    *,
    inside: Inside | None = None,
    seconds: float = math.inf,
) -> list[CombinedAnswer]:
    """Return `with_remote` of many questions; after so many seconds the service is asked no more, and that is told."""
    end = time.monotonic() + seconds
    found = []
    for question, answer in zip(questions, local, strict=True):
        if remote is not None and not _is_sure(answer) and time.monotonic() >= end:
            found.append(CombinedAnswer(answer, f"The remote service was not asked: its {seconds:g} s were spent."))
        else:
            found.append(with_remote(question, answer, remote, inside=inside))
    return found


def _is_sure(answer: GeocodeAnswer | None) -> bool:
    return answer is not None and not answer.needs_review
