import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

import pytest

from boundaries.addresses.answers import GeocodeAnswer
from boundaries.addresses.remote.fallback import with_remote, with_remote_many
from boundaries.addresses.remote.guard import Guard, Limits, RemoteFaultError, RemoteRefusalError
from boundaries.addresses.remote.services import RemoteAnswer, ServiceName, make_service
from geogrid.coordinates import from_wgs84
from geogrid.errors import InvalidInputError

LON, LAT = 121.49, 31.24


def shifted(datum: Any) -> tuple[float, float]:
    lon, lat = from_wgs84([LON], [LAT], datum)
    return float(lon[0]), float(lat[0])


def reply_of(path: str) -> Any:
    """Return what each service answers, in its own format."""
    if path.startswith("/search"):
        return [{"lat": str(LAT), "lon": str(LON), "display_name": "12 Jiefang Road", "class": "building"}]
    if path.startswith("/geocoder"):
        return {"status": "0", "msg": "ok", "location": {"lon": LON, "lat": LAT, "level": "门址"}}
    if path.startswith("/v3/geocode"):
        lon, lat = shifted("gcj02")
        return {
            "status": "1",
            "geocodes": [{"location": f"{lon},{lat}", "level": "门牌号", "formatted_address": "解放路12号"}],
        }
    if path.startswith("/geocoding/v3"):
        lon, lat = shifted("bd09")
        return {"status": 0, "result": {"location": {"lng": lon, "lat": lat}, "precise": 1}}
    point = {"type": "Point", "coordinates": [LON, LAT]}
    properties = {"label": "12 Jiefang Road", "name": "12 Jiefang Road", "layer": "address", "osm_key": "building"}
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": point, "properties": properties}]}


@dataclass
class Service:
    """A server on the loopback; `faults` are answered before the right answers begin."""

    faults: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def service() -> Iterator[Service]:
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            fault = state.faults.pop(0) if state.faults else None
            if fault == "hang":
                time.sleep(1.0)
                return
            body = (
                fault if isinstance(fault, bytes) else json.dumps(reply_of(self.path) if fault is None else {}).encode()
            )
            self.send_response(fault if isinstance(fault, int) else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


SERVICES: tuple[ServiceName, ...] = ("nominatim", "photon", "pelias", "tianditu", "amap", "baidu")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_asked_in_its_format_and_answers_in_wgs84(service: Service, name: ServiceName) -> None:
    answer = make_service(name, key="secret", address=service.address)("解放路12号")
    assert answer is not None
    assert (answer.lon, answer.lat) == pytest.approx((LON, LAT), abs=1e-6)
    assert (answer.service, answer.error_m) == (name, 50.0)
    assert "解放路12号" in unquote_plus(service.asked[0])


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("fault", [500, 503, 429, b"not json", b'{"status": "0"', "hang"])
def test_every_fault_of_a_service_is_told_as_such(service: Service, name: ServiceName, fault: object) -> None:
    service.faults = [fault]
    with pytest.raises(RemoteFaultError):
        make_service(name, key="secret", address=service.address, timeout_seconds=0.3)("解放路12号")


@pytest.mark.parametrize("name", ["tianditu", "amap", "baidu"])
def test_a_refused_key_is_not_tried_again_and_never_told(service: Service, name: ServiceName) -> None:
    service.faults = [403]
    guard = Guard(make_service(name, key="secret", address=service.address), Limits(per_second=1000))
    with pytest.raises(RemoteRefusalError) as refused:
        guard("解放路12号")
    assert len(service.asked) == 1
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(RemoteFaultError):
        make_service("amap", key="k", address="http://127.0.0.1:9")("x")


@pytest.mark.parametrize(("name", "key", "address"), [("amap", "", "http://x"), ("pelias", "k", "")])
def test_a_missing_key_or_address_is_named(name: ServiceName, key: str, address: str) -> None:
    with pytest.raises(InvalidInputError):
        make_service(name, key=key, address=address)


class Clock:
    """Seconds that pass only while something waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        self.now += seconds


def guarded(service: Service, clock: Clock, **limits: Any) -> Guard[RemoteAnswer | None]:
    ask = make_service("amap", key="k", address=service.address)
    return Guard(ask, Limits(**limits), clock=lambda: clock.now, sleep=clock.sleep)


def test_faults_are_tried_again_after_doubling_waits(service: Service) -> None:
    service.faults, clock = [500, 503], Clock()
    assert guarded(service, clock, per_second=1e6, first_wait_seconds=0.5)("x") is not None
    assert [wait for wait in clock.waits if wait > 1e-3] == [0.5, 1.0]


def test_the_same_question_is_asked_once(service: Service) -> None:
    guard = guarded(service, Clock())
    assert guard("x") == guard("x")
    assert len(service.asked) == 1


def test_questions_keep_the_rate(service: Service) -> None:
    clock = Clock()
    guard = guarded(service, clock, per_second=4)
    for number in range(5):
        guard(str(number))
    assert clock.now == pytest.approx(1.0)


def test_a_service_that_keeps_failing_is_left_in_peace_and_tried_again_later(service: Service) -> None:
    service.faults, clock = [500] * 3, Clock()
    guard = guarded(service, clock, per_second=1e6, tries=1, faults_to_open=3, open_seconds=60)
    for number in range(5):
        with pytest.raises(RemoteFaultError):
            guard(str(number))
    assert len(service.asked) == 3
    clock.now += 61
    assert guard("again") is not None


def test_a_failing_service_leaves_the_local_answer_and_says_so(service: Service) -> None:
    service.faults = [500]
    local = GeocodeAnswer(1.0, 2.0, 0.5, "street", 100.0, "Main Street", needs_review=True)
    combined = with_remote("x", local, guarded(service, Clock(), tries=1))
    assert combined.answer is local
    assert combined.note == "amap answered 500. The local gazetteer answers alone."


def test_a_sure_local_answer_asks_nobody(service: Service) -> None:
    local = GeocodeAnswer(1.0, 2.0, 0.9, "house_number", 15.0, "Main Street 1")
    assert with_remote("x", local, guarded(service, Clock())).answer is local
    assert service.asked == []


def test_an_unknown_address_is_taken_from_the_service(service: Service) -> None:
    combined = with_remote("x", None, guarded(service, Clock()))
    assert combined.answer is not None
    assert combined.answer.why == ("amap says '解放路12号'",)


def test_after_the_seconds_for_many_addresses_the_service_is_asked_no_more(service: Service) -> None:
    sure = GeocodeAnswer(1.0, 2.0, 0.9, "house_number", 15.0, "Main Street 1")
    combined = with_remote_many(["x", "y"], [None, sure], guarded(service, Clock()), seconds=0.0)
    assert [each.note for each in combined] == ["The remote service was not asked: its 0 s were spent.", ""]
    assert service.asked == []
