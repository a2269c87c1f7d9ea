"""What a client likes best is what RFC 9110 says; the weights are held against Werkzeug's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from api.kit.negotiation import preferred_encoding, preferred_language, preferred_type

OFFERS = {"application/json": "json", "application/geo+json": "geojson", "text/html": "html", "text/csv": "csv"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "json"),
        ("*/*", "json"),
        (BROWSER, "html"),
        ("text/html;q=0.2, application/geo+json", "geojson"),
        ("text/csv, application/json", "csv"),
        ("application/json, text/csv", "json"),
        ("TEXT/CSV", "csv"),
        ("image/png", "json"),
        ("application/json;q=0, */*", "geojson"),
        ("*/*, application/*;q=0", "html"),
        ("text/*;q=0.5, text/html;q=0.4, */*;q=0.1", "csv"),
        ("application/json;q=0.5;charset=utf-8, text/csv;q=0.4", "json"),
        ("text/csv;header=present", "csv"),
        ("text/html;level=1;q=1, text/html;q=0.3, text/csv;q=0.5", "csv"),
        ('text/html;title="a, b; q=0", image/png', "html"),
        ("text/html;q=much, text/csv;q=0.001", "csv"),
        ("text/html;Q=0.1, text/csv;q=0.2", "csv"),
        ("text/csv;q=0, text/html;q=0", "json"),
        (",, ,text/csv,", "csv"),
    ],
)
def test_media_type_is_the_one_of_the_greatest_weight(accept: str, expected: str) -> None:
    assert preferred_type(accept, OFFERS) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("gzip;q=0, br;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
    ],
)
def test_encoding_is_the_one_of_the_greatest_weight(accept: str, expected: str | None) -> None:
    assert preferred_encoding(accept, ("br", "gzip")) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh;q=0.5, en-GB", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("de", "en"),
        ("en;q=0, *", "zh"),
    ],
)
def test_language_is_the_one_of_the_greatest_weight(accept: str, expected: str) -> None:
    assert preferred_language(accept, ("en", "zh")) == expected


ranges = st.sampled_from([*OFFERS, "text/*", "application/*", "*/*", "image/png", "image/*"])
weights = st.sampled_from(["", ";q=0", ";q=0.001", ";q=0.5", ";q=0.50", "; q=0.7", ";q=1", ";q=1.000"])
headers = st.lists(st.tuples(ranges, weights).map("".join), min_size=1, max_size=6).map(", ".join)


@given(headers)
def test_no_offer_weighs_more_than_the_preferred_one(accept: str) -> None:
    oracle = parse_accept_header(accept, MIMEAccept)
    weight = {media_type: oracle.quality(media_type) for media_type in OFFERS}
    greatest = max(weight.values())
    chosen = preferred_type(accept, {media_type: media_type for media_type in OFFERS})
    if greatest > 0:
        assert weight[chosen] == greatest
    else:
        assert chosen == "application/json"
