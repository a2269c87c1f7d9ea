"""A city or state that a text names far from its answer."""

import pytest

from geogrid.addresses.elsewhere import place_elsewhere

SHANGHAI, SAN_FRANCISCO, WASHINGTON_DC = (121.48, 31.23), (-122.43, 37.78), (-77.0, 38.9)


@pytest.mark.parametrize(
    ("text", "lonlat", "label", "named"),
    [
        ("杭州市福州路89号", SHANGHAI, "福州路 89", "杭州"),
        ("浙江省杭州市西湖区福州路89号", SHANGHAI, "福州路 89", "杭州"),
        ("杭州福州路89号", SHANGHAI, "福州路 89", "杭州"),
        ("苏州市福州路89号", SHANGHAI, "福州路 89", "苏州"),
        ("福州路89号 成都市", SHANGHAI, "福州路 89", "成都"),
        ("1160 Buchanan Street, Seattle WA", SAN_FRANCISCO, "Buchanan Street 1160", "WA"),
        ("1160 Buchanan Street, Seattle, WA 98101", SAN_FRANCISCO, "Buchanan Street 1160", "WA"),
        ("1160 Buchanan Street, Portland, Oregon", SAN_FRANCISCO, "Buchanan Street 1160", "Oregon"),
        ("12 Oak Street, Hartford, CT 06103, USA", SAN_FRANCISCO, "Oak Street 12", "CT"),
    ],
)
def test_a_named_place_far_from_the_answer_contradicts_it(
    text: str, lonlat: tuple[float, float], label: str, named: str
) -> None:
    assert place_elsewhere(text, *lonlat, label) == named


@pytest.mark.parametrize(
    ("text", "lonlat", "label"),
    [
        ("上海市福州路89号", SHANGHAI, "福州路 89"),
        ("福州路89号", SHANGHAI, "福州路 89"),
        ("杭州路12号", SHANGHAI, "杭州路 12"),
        ("南京东路步行街", SHANGHAI, "南京东路"),
        ("苏州市民在上海市福州路89号被骗", SHANGHAI, "福州路 89"),
        ("1160 Buchanan Street, San Francisco CA", SAN_FRANCISCO, "Buchanan Street 1160"),
        ("1160 Buchanan Street, San Francisco, California 94115", SAN_FRANCISCO, "Buchanan Street 1160"),
        ("500 L Street NE", WASHINGTON_DC, "L Street NE 500"),
        ("Flat 3, Oak Ct", SAN_FRANCISCO, "Oak Court"),
        ("12 Oak Street", SAN_FRANCISCO, "Oak Street 12"),
        ("1600 Washington", SAN_FRANCISCO, "Washington Street 1600"),
    ],
)
def test_what_is_near_or_only_called_after_a_place_contradicts_nothing(
    text: str, lonlat: tuple[float, float], label: str
) -> None:
    assert place_elsewhere(text, *lonlat, label) == ""
