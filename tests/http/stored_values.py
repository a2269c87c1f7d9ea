"""Values that a generator makes for what is stored: odd texts, JSON, times and places, most of them right."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

ODD_TEXTS = (
    "\u202egnp.exe \u2066东山路\u2069",
    "\ufeff=1+1",
    "\uff1dHYPERLINK(1)",
    "]]></Data><script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %} ${x} %s %(a)s",
    "line\r\nline\u2028line\u2029line\x85",
    "\x01\x08\x0b\x1b[31m\x7f\x9f",
    "\ufffe\uffff\U0001fffe\U0010ffff\ufdd0",
    "\U00020000\U000e0001👩‍👩‍👧\u0301\u0301",
    "'; drop table cases; --",
    "\\u0000 \\ud800 \\N \\.",
    '"";,\t|',
    "\x1e\x1f",
)
"""Of every kind that some format gives a meaning to, or has no way to write."""

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
PLANES = st.one_of(st.integers(0x10000 * plane, 0x10000 * plane + 0xFFFF).map(chr) for plane in range(1, 17))


def texts(most: int = 40) -> st.SearchStrategy[str]:
    """Texts that may be kept."""
    mixed = st.lists(st.one_of(CHARACTERS, PLANES, st.characters(categories=["Cc", "Cf"], exclude_characters="\x00")))
    return st.one_of(
        st.sampled_from([each for each in ODD_TEXTS if len(each) <= most]),
        st.text(CHARACTERS, max_size=most),
        mixed.map("".join).map(lambda text: text[:most]),
    )


def nested(levels: int) -> Any:
    value: Any = "deep"
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(-1e15, 1e15),
    st.sampled_from([5e-324, -0.0, 1e-7, 9007199254740991.0, 0.1, 123456789012.25]),
    texts(),
)
WRONG = st.one_of(
    st.integers(2**53, 2**70),
    st.floats(min_value=1e16),
    st.sampled_from([10**400, float("nan"), float("-inf"), "\x00", "\ud800", "a\udfff", nested(33), nested(200)]),
)
"""What no attribute may be."""

JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts(), inner, max_size=4)),
    max_leaves=12,
)
NAMES = st.one_of(texts(), st.sampled_from(["media_url", "address_id", "not_shown", "order", "__proto__", "id", ""]))
ATTRIBUTES = st.one_of(
    st.dictionaries(NAMES, JSON, max_size=5),
    st.sampled_from([{"deep": nested(31)}, {"long": "格" * 20_000}, {str(n): n for n in range(100)}]),
)

ZONES = st.one_of(st.just(UTC), st.integers(-14 * 60 + 1, 14 * 60).map(lambda it: timezone(timedelta(minutes=it))))
MOMENTS = st.one_of(
    st.datetimes(datetime(1900, 1, 2), datetime(2026, 11, 1), timezones=ZONES).map(datetime.isoformat),  # noqa: DTZ001
    st.sampled_from(
        [
            "1900-01-01T00:00:00Z",
            "1901-12-13T20:45:51.999999Z",
            "1986-05-04T01:30:00+08:00",
            "1927-12-31T23:54:08+08:05",
            "2016-12-31T23:59:59.999999999Z",
            "2024-02-29 12:00:00-11:30",
            "1970-01-01T00:00:00+14:00",
        ]
    ),
)
WRONG_MOMENTS = st.sampled_from(
    ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2016-12-31T23:59:60Z", "infinity", "2026-02-30T00:00:00Z"]
)

LONS = st.one_of(st.floats(10, 13), st.floats(-180, 180), st.sampled_from([0.0, -0.0, 180.0, -180.0, 10.0, 5e-324]))
LATS = st.one_of(st.floats(50, 51), st.floats(-90, 90), st.sampled_from([0.0, -0.0, 90.0, -90.0, 51.0]))


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A body of ``POST /cases``; one in some has something that is refused."""
    body: dict[str, Any] = {"text": draw(texts(200)) or "text", "attributes": draw(ATTRIBUTES)}
    if draw(st.integers(0, 4)):
        body |= {"lon": draw(LONS), "lat": draw(LATS)}
        body["coord_type"] = draw(st.sampled_from(["wgs84", "gcj02", "bd09"]))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "address": texts(),
        "channel": texts(),
        "category": st.one_of(st.just("noise"), texts()),
        "external_id": texts().filter(bool),
        "within": st.sampled_from(["D", "D-a", "nowhere"]),
        "error_m": st.floats(0, 10_000),
        "reported_at": MOMENTS,
    }
    body |= {name: draw(made) for name, made in optional.items() if draw(st.booleans())}
    if draw(st.integers(0, 7)) == 0:
        body |= draw(
            st.one_of(
                WRONG.map(lambda value: {"attributes": {"wrong": value}}),
                WRONG_MOMENTS.map(lambda moment: {"reported_at": moment}),
                st.just({"text": "\x00"}),
                st.just({"category": "\udc00"}),
            )
        )
    return body


@st.composite
def requests(draw: st.DrawFn) -> dict[str, str]:
    """A form of ``POST /open311/v2/requests``."""
    form = {"service_code": "LAMP", "attribute[POLE]": draw(texts()) or "1", "description": draw(texts(200))}
    if draw(st.booleans()):
        form |= {"lat": str(draw(LATS)), "long": str(draw(LONS))}
    else:
        form["address_string"] = draw(texts()) or "Long Street 9"
    names = ("attribute[STATE]", "attribute[HEIGHT]", "attribute[SINCE]", "address_id", "email", "first_name", "phone")
    values = st.one_of(texts(), st.sampled_from(["out", "1e308", "-0", "2026-01-01T00:00:00Z", "9" * 30]))
    form |= {name: draw(values) for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True))}
    if draw(st.booleans()):
        form["media_url"] = f"https://example.org/{draw(texts())}"
    return form


def encoded(body: dict[str, Any]) -> bytes:
    """Return the body as a client sends it, NaN and lone surrogates included."""
    return json.dumps(body).encode()
