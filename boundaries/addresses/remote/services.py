"""The services that can be asked: Nominatim, Photon and Pelias through geopy; Tianditu, Amap and Baidu likewise."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, Literal
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request

from boundaries.addresses.remote.guard import RemoteFaultError, RemoteRefusalError
from boundaries.outgoing.opener import opener_for
from geogrid.coordinates import to_wgs84
from geogrid.errors import InvalidInputError, UnavailableError
from geogrid.types import CoordType

ServiceName = Literal["nominatim", "photon", "pelias", "tianditu", "amap", "baidu"]
_USER_AGENT: Final = "geogrid"
_MOST_BYTES: Final = 2_000_000
_TOO_MANY: Final = 429
_SERVER_FAULT: Final = 500
_DEFAULTS: Final[Mapping[str, str]] = {
    "nominatim": "https://nominatim.openstreetmap.org",
    "photon": "https://photon.komoot.io",
    "pelias": "",
    "tianditu": "https://api.tianditu.gov.cn",
    "amap": "https://restapi.amap.com",
    "baidu": "https://api.map.baidu.com",
}
_NEEDS_KEY: Final = frozenset({"tianditu", "amap", "baidu"})


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """What a service says: a point in WGS 84, its words, how far off it may be in metres, and who said it."""

    lon: float
    lat: float
    text: str
    error_m: float
    service: str


Ask = Callable[[str], RemoteAnswer | None]


def make_service(name: ServiceName, *, key: str = "", address: str = "", timeout_seconds: float = 5.0) -> Ask:
    """Return the function that asks a service one question.

    Parameters
    ----------
    name : str
        Which service.
    key : str
        Tianditu, Amap and Baidu need one; Pelias may.
    address : str
        Scheme and host of an own server; the public one if left out.
    timeout_seconds : float
        For a request.

    Returns
    -------
    callable
        Returns None where the service knows no such place; raises `RemoteFaultError` where it failed,
        `RemoteRefusalError` where it refuses us.

    Raises
    ------
    InvalidInputError
        The key or the address is missing.
    """
    base = (address or _DEFAULTS[name]).rstrip("/")
    if name in _NEEDS_KEY and not key:
        raise InvalidInputError.of("no-key", f"{name} needs a key.", "Set GEOGRID_GEOCODER_KEY.")
    if not base:
        raise InvalidInputError.of("no-address", f"{name} has no public server.", "Set GEOGRID_GEOCODER_ADDRESS.")
    if name in {"tianditu", "amap", "baidu"}:
        chinese = {"tianditu": _tianditu, "amap": _amap, "baidu": _baidu}[name]
        return lambda question: chinese(question, base, key, timeout_seconds)
    return _through_geopy(name, base, key, timeout_seconds)


def _through_geopy(name: str, base: str, key: str, timeout_seconds: float) -> Ask:
    from geopy import exc
    from geopy.adapters import URLLibAdapter
    from geopy.geocoders import Nominatim, Pelias, Photon

    def checked(**options: Any) -> Any:
        """Return what asks the one service, and reads no more than an answer can be."""
        adapter = URLLibAdapter(**options)
        adapter.urlopen = opener_for(base).open
        adapter._decode_page = _decoded  # noqa: SLF001 - it would read without end
        return adapter

    parts = urlsplit(base)
    common: dict[str, Any] = {
        "domain": parts.netloc,
        "scheme": parts.scheme,
        "timeout": timeout_seconds,
        "user_agent": _USER_AGENT,
        "adapter_factory": checked,
    }
    makers = {"nominatim": Nominatim, "photon": Photon, "pelias": Pelias}
    geocoder = makers[name](**common, **({"api_key": key or None} if name == "pelias" else {}))

    def ask(question: str) -> RemoteAnswer | None:
        try:
            found = geocoder.geocode(question)
        except (exc.GeocoderAuthenticationFailure, exc.GeocoderInsufficientPrivileges, exc.GeocoderQueryError) as error:
            raise RemoteRefusalError(f"{name} refuses the request: {error}.") from error
        except (exc.GeopyError, HTTPException, OSError, ValueError, KeyError, TypeError) as error:
            raise RemoteFaultError(f"{name} failed: {type(error).__name__} {error}.") from error
        if found is None:
            return None
        return RemoteAnswer(found.longitude, found.latitude, str(found.address), _error_m(found.raw), name)

    return ask


def _decoded(page: Any) -> str:
    return str(page.read(_MOST_BYTES), "utf-8", "replace")  # as JSON is, whatever the answer says of itself


def _error_m(raw: Mapping[str, Any]) -> float:
    """Return how far off an answer may be, by what it is: a house, a street, or more."""
    kinds = {str(raw.get(member, "")) for member in ("addresstype", "class", "type")}
    properties = raw.get("properties")
    if isinstance(properties, Mapping):
        kinds |= {str(properties.get(member, "")) for member in ("layer", "type", "osm_key")}
    if kinds & {"house", "building", "address", "place", "venue", "amenity", "shop"}:
        return 50.0
    return 300.0 if kinds & {"street", "road", "highway"} else 2_000.0


def _tianditu(question: str, base: str, key: str, timeout_seconds: float) -> RemoteAnswer | None:
    asked = {"ds": json.dumps({"keyWord": question}, ensure_ascii=False), "tk": key}
    reply = _get(f"{base}/geocoder?{urlencode(asked)}", "tianditu", timeout_seconds)
    status = str(reply.get("status"))
    if status == "101":
        return None
    if status != "0":
        raise RemoteRefusalError(f"tianditu refuses the request: {reply.get('msg', status)}.")
    place = _member(reply, "location", "tianditu")
    level = str(place.get("level", ""))
    return _answer("tianditu", "wgs84", (place.get("lon"), place.get("lat")), text=question, is_exact="门" in level)


def _amap(question: str, base: str, key: str, timeout_seconds: float) -> RemoteAnswer | None:
    reply = _get(f"{base}/v3/geocode/geo?{urlencode({'address': question, 'key': key})}", "amap", timeout_seconds)
    if str(reply.get("status")) != "1":
        busy = str(reply.get("infocode")) in {"10014", "10015", "10019", "10020", "10021"}
        raise (RemoteFaultError if busy else RemoteRefusalError)(f"amap refuses the request: {reply.get('info')}.")
    places = reply.get("geocodes")
    if not places:
        return None
    place = places[0]
    lon, _, lat = str(place.get("location", "")).partition(",")
    text = str(place.get("formatted_address") or question)
    return _answer("amap", "gcj02", (lon, lat), text=text, is_exact=place.get("level") in {"门牌号", "门址", "兴趣点"})


def _baidu(question: str, base: str, key: str, timeout_seconds: float) -> RemoteAnswer | None:
    asked = urlencode({"address": question, "output": "json", "ak": key})
    reply = _get(f"{base}/geocoding/v3/?{asked}", "baidu", timeout_seconds)
    status = str(reply.get("status"))
    if status == "1":
        return None
    if status != "0":
        busy = status in {"302", "401", "402"}
        raise (RemoteFaultError if busy else RemoteRefusalError)(
            f"baidu refuses the request: {reply.get('message', status)}."
        )
    result = _member(reply, "result", "baidu")
    place = _member(result, "location", "baidu")
    is_exact = bool(result.get("precise"))
    return _answer("baidu", "bd09", (place.get("lng"), place.get("lat")), text=question, is_exact=is_exact)


def _member(reply: Mapping[str, Any], name: str, service: str) -> Mapping[str, Any]:
    found = reply.get(name)
    if not isinstance(found, Mapping):
        raise RemoteFaultError(f"{service} sent an answer without {name}.")
    return found


def _answer(service: str, coord_type: CoordType, lonlat: tuple[Any, Any], *, text: str, is_exact: bool) -> RemoteAnswer:
    try:
        lons, lats = to_wgs84([float(lonlat[0])], [float(lonlat[1])], coord_type)
    except (TypeError, ValueError) as error:
        raise RemoteFaultError(f"{service} sent {lonlat!r} for a point.") from error
    return RemoteAnswer(float(lons[0]), float(lats[0]), text, 50.0 if is_exact else 500.0, service)


def _get(url: str, service: str, timeout_seconds: float) -> Mapping[str, Any]:
    request = Request(url, headers={"User-Agent": _USER_AGENT, "Accept": "application/json"})  # noqa: S310 - of settings
    try:
        with opener_for(url).open(request, timeout=timeout_seconds) as reply:
            found = json.loads(reply.read(_MOST_BYTES))
    except HTTPError as error:
        error.close()
        is_fault = error.code == _TOO_MANY or error.code >= _SERVER_FAULT
        raise (RemoteFaultError if is_fault else RemoteRefusalError)(f"{service} answered {error.code}.") from error
    except UnavailableError as error:
        raise RemoteRefusalError(f"{service} is not asked: {error}") from error
    except (TimeoutError, URLError, HTTPException, OSError, ValueError) as error:
        # The address holds the key, so only the kind of error is told.
        raise RemoteFaultError(f"{service} failed: {type(error).__name__}.") from error
    if not isinstance(found, Mapping):
        raise RemoteFaultError(f"{service} sent something that is no JSON object.")
    return found
