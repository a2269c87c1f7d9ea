"""Places that a text names far from its answer: 杭州市福州路 is not in Shanghai, Seattle WA not in California."""

import math
import re
from types import MappingProxyType
from typing import Final

# City centres to a tenth of a degree: enough to tell one city from another 150 km away.
_CITIES: Final = """
北京 116.4 39.9 天津 117.2 39.1 上海 121.5 31.2 重庆 106.5 29.6 石家庄 114.5 38.0 唐山 118.2 39.6
秦皇岛 119.6 39.9 邯郸 114.5 36.6 保定 115.5 38.9 张家口 114.9 40.8 沧州 116.8 38.3 太原 112.5 37.9
大同 113.3 40.1 呼和浩特 111.7 40.8 包头 109.8 40.7 赤峰 118.9 42.3 沈阳 123.4 41.8 大连 121.6 38.9
鞍山 123.0 41.1 锦州 121.1 41.1 长春 125.3 43.9 吉林 126.6 43.8 哈尔滨 126.6 45.8 齐齐哈尔 123.9 47.3
大庆 125.1 46.6 牡丹江 129.6 44.6 南京 118.8 32.1 无锡 120.3 31.5 徐州 117.2 34.3 常州 120.0 31.8
苏州 120.6 31.3 南通 120.9 32.0 连云港 119.2 34.6 淮安 119.0 33.6 盐城 120.2 33.4 扬州 119.4 32.4
镇江 119.5 32.2 杭州 120.2 30.3 宁波 121.5 29.9 温州 120.7 28.0 嘉兴 120.8 30.8 湖州 120.1 30.9
绍兴 120.6 30.0 金华 119.6 29.1 台州 121.4 28.7 合肥 117.3 31.8 芜湖 118.4 31.3 蚌埠 117.4 32.9
安庆 117.1 30.5 阜阳 115.8 32.9 福州 119.3 26.1 厦门 118.1 24.5 泉州 118.7 24.9 漳州 117.6 24.5
莆田 119.0 25.4 南昌 115.9 28.7 九江 116.0 29.7 赣州 114.9 25.8 景德镇 117.2 29.3 济南 117.0 36.7
青岛 120.4 36.1 淄博 118.1 36.8 烟台 121.4 37.5 潍坊 119.2 36.7 济宁 116.6 35.4 泰安 117.1 36.2
威海 122.1 37.5 临沂 118.4 35.1 郑州 113.6 34.7 洛阳 112.5 34.6 开封 114.3 34.8 新乡 113.9 35.3
南阳 112.5 33.0 商丘 115.7 34.4 信阳 114.1 32.1 武汉 114.3 30.6 宜昌 111.3 30.7 襄阳 112.1 32.0
荆州 112.2 30.3 十堰 110.8 32.6 长沙 113.0 28.2 株洲 113.1 27.8 湘潭 112.9 27.8 衡阳 112.6 26.9
岳阳 113.1 29.4 常德 111.7 29.0 广州 113.3 23.1 深圳 114.1 22.5 珠海 113.6 22.3 汕头 116.7 23.4
佛山 113.1 23.0 东莞 113.8 23.0 中山 113.4 22.5 惠州 114.4 23.1 湛江 110.4 21.3 江门 113.1 22.6
南宁 108.4 22.8 柳州 109.4 24.3 桂林 110.3 25.3 海口 110.3 20.0 三亚 109.5 18.3 成都 104.1 30.7
绵阳 104.7 31.5 德阳 104.4 31.1 南充 106.1 30.8 宜宾 104.6 28.8 泸州 105.4 28.9 贵阳 106.6 26.6
遵义 106.9 27.7 昆明 102.8 24.9 大理 100.2 25.6 拉萨 91.1 29.7 西安 108.9 34.3 咸阳 108.7 34.3
宝鸡 107.2 34.4 兰州 103.8 36.1 西宁 101.8 36.6 银川 106.2 38.5 乌鲁木齐 87.6 43.8
"""
# West, south, east, north, degrees.
_STATES: Final = """
AL|alabama -88.5 30.1 -84.9 35.0;AK|alaska -180 51 -129.9 71.5;AZ|arizona -114.8 31.3 -109.0 37.0;
AR|arkansas -94.6 33.0 -89.6 36.5;CA|california -124.5 32.5 -114.1 42.0;CO|colorado -109.1 37.0 -102.0 41.0;
CT|connecticut -73.8 40.9 -71.8 42.1;DE|delaware -75.8 38.4 -75.0 39.9;DC|district of columbia -77.2 38.8 -76.9 39.0;
FL|florida -87.7 24.4 -80.0 31.0;GA|georgia -85.7 30.3 -80.8 35.0;HI|hawaii -160.3 18.9 -154.8 22.3;
ID|idaho -117.3 42.0 -111.0 49.0;IL|illinois -91.6 36.9 -87.0 42.5;IN|indiana -88.1 37.8 -84.8 41.8;
IA|iowa -96.7 40.4 -90.1 43.5;KS|kansas -102.1 37.0 -94.6 40.0;KY|kentucky -89.6 36.5 -81.9 39.2;
LA|louisiana -94.1 28.9 -88.8 33.0;ME|maine -71.1 43.0 -66.9 47.5;MD|maryland -79.5 37.9 -75.0 39.8;
MA|massachusetts -73.5 41.2 -69.9 42.9;MI|michigan -90.5 41.7 -82.1 48.3;MN|minnesota -97.3 43.5 -89.5 49.4;
MS|mississippi -91.7 30.1 -88.1 35.0;MO|missouri -95.8 36.0 -89.1 40.7;MT|montana -116.1 44.3 -104.0 49.0;
NE|nebraska -104.1 40.0 -95.3 43.0;NV|nevada -120.1 35.0 -114.0 42.0;NH|new hampshire -72.6 42.7 -70.6 45.4;
NJ|new jersey -75.6 38.9 -73.9 41.4;NM|new mexico -109.1 31.3 -103.0 37.0;NY|new york -79.8 40.4 -71.8 45.1;
NC|north carolina -84.4 33.8 -75.4 36.6;ND|north dakota -104.1 45.9 -96.5 49.0;OH|ohio -84.9 38.4 -80.5 42.4;
OK|oklahoma -103.1 33.6 -94.4 37.0;OR|oregon -124.6 41.9 -116.4 46.3;PA|pennsylvania -80.6 39.7 -74.7 42.5;
RI|rhode island -71.9 41.1 -71.1 42.1;SC|south carolina -83.4 32.0 -78.5 35.3;SD|south dakota -104.1 42.4 -96.4 46.0;
TN|tennessee -90.4 34.9 -81.6 36.7;TX|texas -106.7 25.8 -93.5 36.6;UT|utah -114.1 37.0 -109.0 42.0;
VT|vermont -73.5 42.7 -71.4 45.1;VA|virginia -83.7 36.5 -75.2 39.5;WA|washington -124.9 45.5 -116.9 49.1;
WV|west virginia -82.7 37.2 -77.7 40.7;WI|wisconsin -92.9 42.4 -86.7 47.3;WY|wyoming -111.1 41.0 -104.0 45.1
"""
_FAR_KM: Final = 150.0
_IN_TOWN_KM: Final = 30.0
_NEXT_TOWN_KM: Final = 60.0
"""From where on another city is meant, where the answer lies in one that is known."""
_KM_PER_DEGREE: Final = 111.2
_BESIDE_STATE: Final = 0.3
_words = _CITIES.split()
_CITY: Final = MappingProxyType(
    {name: (float(lon), float(lat)) for name, lon, lat in zip(_words[::3], _words[1::3], _words[2::3], strict=True)}
)
_AS_A_CITY: Final = re.compile(f"({'|'.join(sorted(_CITY, key=len, reverse=True))})市")
_AT_FIRST: Final = re.compile(
    f"(?:[\u4e00-\u9fff]{{2,3}}省)?({'|'.join(sorted(_CITY, key=len, reverse=True))})(?!路|街|大道)"
)
_Box = tuple[float, float, float, float]


def _boxes() -> dict[str, _Box]:
    boxes: dict[str, _Box] = {}
    for entry in _STATES.replace("\n", "").split(";"):
        *words, west, south, east, north = entry.split(" ")
        code, name = " ".join(words).split("|")
        boxes[code.lower()] = boxes[name] = (float(west), float(south), float(east), float(north))
    return boxes


_STATE: Final = MappingProxyType(_boxes())
_WITH_STATE: Final = re.compile(
    rf",\s*(?:[a-z .'-]+?[ ,]+)?({'|'.join(sorted(_STATE, key=len, reverse=True))})\.?(?:[ ,]+(\d{{5}})(?:-\d{{4}})?)?"
    r"(?:[ ,]+(?:usa|us|united states))?\s*$"
)
_TYPES_TOO: Final = frozenset({"ct", "ne"})  # Court and north-east, where no postcode follows


def place_elsewhere(text: str, lon: float, lat: float, label: str) -> str:
    """Return the city or state that a text names and that an answer is far from; empty where there is none.

    Parameters
    ----------
    text : str
        As asked.
    lon, lat : float
        The answer, degrees, WGS 84.
    label : str
        Its address: a street that is called after a city (福州路) names no city.

    Notes
    -----
    Cities of China of more than about a million people are known, and the states of the United States. Of several that
    are named one near the answer is enough.
    """
    cities = _AS_A_CITY.findall(text)
    first = _AT_FIRST.match(text)
    if first is not None and first[1] not in label:
        cities.append(first[1])
    if cities:
        nearest_km = min(_away_km(city, lon, lat) for city in _CITY.values())
        far_km = _NEXT_TOWN_KM if nearest_km < _IN_TOWN_KM else _FAR_KM
        return "" if any(_away_km(_CITY[city], lon, lat) < far_km for city in cities) else cities[0]
    state = _WITH_STATE.search(text.lower())
    if state is None or (state[1] in _TYPES_TOO and not state[2]):
        return ""
    west, south, east, north = _STATE[state[1]]
    is_near = (
        west - _BESIDE_STATE <= lon <= east + _BESIDE_STATE and south - _BESIDE_STATE <= lat <= north + _BESIDE_STATE
    )
    return "" if is_near else state[1].upper() if len(state[1]) == 2 else state[1].title()  # noqa: PLR2004 - a code


def _away_km(city: tuple[float, float], lon: float, lat: float) -> float:
    along = math.cos(math.radians(lat))
    return _KM_PER_DEGREE * math.hypot((city[0] - lon) * along, city[1] - lat)
