"""Made-up towns and the ways in which people write their addresses.

Each town is a list of addresses (columns of the gazetteer with ``x`` and ``y`` in metres) and questions with the row
that is meant. The rules of naming and of misspelling differ from town to town, and from those of the benchmarks.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd

Rng = np.random.Generator
Row = dict[str, object]


@dataclass(frozen=True)
class InventedTown:
    """Addresses in degrees around a corner, and what is asked: text, longitude, latitude."""

    addresses: gpd.GeoDataFrame
    texts: list[str]
    lonlat: np.ndarray


def _town(rows: Sequence[Row], asked: Sequence[tuple[str, int]], corner: tuple[float, float]) -> InventedTown:
    table = pd.DataFrame(rows).fillna("")
    lat = corner[1] + table["y"].to_numpy(float) / 111_000
    lon = corner[0] + table["x"].to_numpy(float) / (111_000 * np.cos(np.radians(corner[1])))
    frame = gpd.GeoDataFrame(table.drop(columns=["x", "y"]), geometry=gpd.points_from_xy(lon, lat), crs=4326)
    meant = [row for _, row in asked]
    return InventedTown(frame, [text for text, _ in asked], np.column_stack((lon, lat))[meant])


def _pick(rng: Rng, items: Sequence[str]) -> str:
    return items[int(rng.integers(len(items)))]


def _asked(rows: Sequence[Row], spell: Callable[[Row, Rng], str], rng: Rng, count: int) -> list[tuple[str, int]]:
    chosen = rng.choice(len(rows), size=count, replace=count > len(rows))
    return [(spell(rows[row], rng), row) for row in chosen.tolist()]


# A prefecture of Sichuan and Guizhou kind: towns with villages and groups, ring roads in sections, estates.
_HANZI = "锦江浣溪桃李竹梅云岭凤凰石磨青羊铜鼓白塔玉屏翠湖麻柳沙坪黄桷古榕双河牛角"
_TOWNS = ("石磨街道", "青羊街道", "麻柳镇", "双河乡")
_TRADITIONAL = str.maketrans("东岭凤铜云龙区号楼园镇乡门队馆汉宁双黄麦", "東嶺鳳銅雲龍區號樓園鎮鄉門隊館漢寧雙黃麥")
_DIGITS = "零一二三四五六七八九"


def sichuan(count: int, *, seed: int = 41) -> InventedTown:
    """Return a Chinese town with its questions."""
    rng = np.random.default_rng(seed)
    rows = [*_chinese_streets(rng), *_chinese_estates(rng), *_chinese_villages(rng), *_chinese_places(rng)]
    return _town(rows, _asked(rows, _chinese_spelling, rng, count), (104.0, 30.6))


def _two(rng: Rng) -> str:
    start = 2 * int(rng.integers(len(_HANZI) // 2))
    return _HANZI[start : start + 2]


def _areas(place: int, community: str) -> Row:
    return {"city": "锦川市", "district": "云岭区", "town": _TOWNS[place], "community": community}


def _chinese_streets(rng: Rng) -> Iterator[Row]:
    names = sorted(
        {_two(rng) + _pick(rng, ["路", "街", "巷", "大道", "横街", "正街", "东路", "西路", "后街"]) for _ in range(60)}
    )
    names += [f"{ring}环路{side}{part}段" for ring, side, part in product("一二", "东南", "一二三")]
    for number, name in enumerate(names):
        place = int(rng.integers(2))
        count, y = int(rng.integers(8, 60)), 150.0 * number
        for house in range(1, count):
            row = {"street": name, "house_number": f"{house}号", "x": 12.0 * house, "y": y + 12 * (house % 2)}
            yield row | _areas(place, f"{_TOWNS[place][:2]}第{_DIGITS[1 + house // 30]}社区")


def _chinese_estates(rng: Rng) -> Iterator[Row]:
    names = sorted({_two(rng) + _pick(rng, ["花园", "新村", "名邸", "小区", "家园", "公馆"]) for _ in range(25)})
    for number, name in enumerate(names):
        for building in range(1, int(rng.integers(4, 20))):
            x, y = 4_000 + 300.0 * (number % 6) + 40 * (building % 5), 400.0 * (number // 6) + 40 * (building // 5)
            yield {"estate": name, "building": f"{building}栋", "x": x, "y": y} | _areas(1, "青羊第一社区")


def _chinese_villages(rng: Rng) -> Iterator[Row]:
    names = sorted({_two(rng) + "村" for _ in range(16)})
    for number, name in enumerate(names):
        for group in range(1, int(rng.integers(3, 14))):
            x, y = 9_000 + 900.0 * (number % 4) + 150 * (group % 4), 1_500.0 * (number // 4) + 250 * (group // 4)
            yield {"village_group": f"{group}组", "x": x, "y": y} | _areas(2 + number % 2, name)


def _chinese_places(rng: Rng) -> Iterator[Row]:
    kinds = ["小学", "幼儿园", "卫生院", "农贸市场", "体育公园", "派出所", "汽车站", "酒店", "牙科诊所", "超市"]
    names = sorted({_two(rng) + _pick(rng, ["", "第一", "实验", "社区"]) + _pick(rng, kinds) for _ in range(60)})
    for number, name in enumerate(names):
        yield {"name": name, "x": 500.0 * (number % 10), "y": -500.0 - 200 * (number // 10)} | _areas(0, "石磨第一社区")


def _numeral(number: str, rng: Rng) -> str:
    """Return digits as people write them: plain, full width, or in Chinese."""
    value = int(number)
    tens = "" if value < 10 else ("" if value < 20 else _DIGITS[value // 10]) + "十"
    chinese = tens + ("" if value % 10 == 0 else _DIGITS[value % 10])
    return _pick(rng, [number, number, "".join(chr(ord(digit) + 0xFEE0) for digit in number), chinese])


def _chinese_spelling(row: Row, rng: Rng) -> str:
    town, community = str(row["town"]), str(row["community"])
    area = _pick(rng, [town, f"云岭区{town}", f"锦川市云岭区{town}", town[:2]])
    if row.get("street"):
        number = _numeral(str(row["house_number"])[:-1], rng) + _pick(rng, ["号", "號", "号", ""])
        place = f"{area}{row['street']}{number}" + (
            _pick(rng, ["", "附2号", "3楼", "一单元"]) if number[-1] in "号號" else ""
        )
    elif row.get("estate"):
        building = _numeral(str(row["building"])[:-1], rng) + _pick(rng, ["栋", "幢", "号楼", "棟"])
        place = f"{_pick(rng, [area, ''])}{row['estate']}{building}" + _pick(
            rng, ["", "2单元", "一单元502室", "3-2-501"]
        )
    elif row.get("village_group"):
        group = _numeral(str(row["village_group"])[:-1], rng)
        place = f"{area}{community}" + _pick(
            rng, [f"{group}组", f"第{group}组", f"{group}村民小组", f"第{group}村民小組"]
        )
    else:
        place = f"{_pick(rng, [area, ''])}{row['name']}"
    place = place.translate(_TRADITIONAL) if rng.random() < 0.15 else place
    before = _pick(rng, ["", "", "您好，", "市民来电反映：", "我住在", "来电人称其位于", "投诉"])
    return (
        before
        + place
        + _pick(rng, ["", "", "门口垃圾堆积", "有人乱停车", "，下水道堵了三天没人管", "楼上漏水", "噪音扰民，请处理"])
    )


# An English town with Victorian names, flats and postcodes.
_ENGLISH = "Street St Road Rd Lane Ln Close Cl Gardens Gdns Drive Dr Terrace Terr Grove Gr"


def england(count: int, *, seed: int = 42) -> InventedTown:
    """Return an English town with its questions."""
    rng = np.random.default_rng(seed)
    saints = ("St Mary's", "St. John's", "King's", "Queen's", "Abbot's", "Bishop's")
    plain = ("High", "Church", "Mill", "Station", "Park", "Victoria", "Albert", "Chapel", "Orchard", "Nelson", "Priory")
    kinds = ("Street", "Road", "Lane", "Close", "Gardens", "Mews", "Hill", "Grove", "Rise", "Drive", "Terrace")
    names = {f"{_pick(rng, (*saints, *plain))} {_pick(rng, kinds)}" for _ in range(70)} | {
        "The Crescent",
        "Broadway",
        "The Mall",
    }
    rows: list[Row] = []
    for line, name in enumerate(sorted(names)):
        numbers = [
            f"{number}{letter}"
            for number in range(1, int(rng.integers(10, 70)))
            for letter in ("", "", "a")[: 1 + (number % 9 == 0) * 2][-2:]
        ]
        rows += [
            {
                "street": name,
                "house_number": number,
                "postcode": f"ZX{line % 9 + 1} {line % 7}QT",
                "city": "Marlow Regis",
                "x": 9.0 * place,
                "y": 130.0 * line + 15 * (place % 2),
            }
            for place, number in enumerate(dict.fromkeys(numbers))
        ]
    return _town(rows, _asked(rows, _english_spelling, rng, count), (-1.2, 52.1))


def _keyboard_slip(name: str, rng: Rng) -> str:
    """Return a name with a letter hit beside its key, or two letters exchanged, or one struck twice."""
    rowed = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    places = [place for place in range(1, len(name) - 1) if name[place].isalpha()]
    place = int(rng.choice(places))
    keys = next(keys for keys in rowed if name[place].lower() in keys)
    beside = keys[min(keys.index(name[place].lower()) + 1, len(keys) - 1)]
    slips = (name[:place] + beside + name[place + 1 :], name[:place] + name[place] + name[place:])
    return _pick(rng, slips)


def _english_spelling(row: Row, rng: Rng) -> str:
    table = _ENGLISH.split()
    short = dict(zip(table[::2], table[1::2], strict=True))
    street = str(row["street"])
    name, _, kind = street.rpartition(" ")
    drawn = rng.random()
    if drawn < 0.25:
        street = f"{name} {short.get(kind, kind)}{_pick(rng, ['', '.'])}".strip()
    elif drawn < 0.4:
        street = _pick(rng, [street.upper(), street.lower(), street.replace("'", "")])
    elif drawn < 0.55 and len(street) > 7:
        street = _keyboard_slip(street, rng)
    flat = _pick(rng, ["", "", "", "Flat 3, ", "Flat B ", "Unit 2, "])
    tail = _pick(rng, ["", "", f", {row['city']}", f", {row['city']} {row['postcode']}", f" {row['postcode']}"])
    before = _pick(rng, ["", "", "", "Rubbish dumped outside ", "No light in front of ", "I live at "])
    return f"{before}{flat}{row['house_number']} {street}{tail}"


# A town of the German and French kind: the number follows, or a comma does; accents, long compounds.
_GERMAN = "Haupt Bahnhof Schiller Goethe Rosen Linden Müller Königs"
_FRENCH = (
    "Rue de la République, Rue de l'Église, Avenue du Général-de-Gaulle, Boulevard Saint-Michel, "
    "Place de l'Hôtel-de-Ville, Rue des Écoles, Impasse du Moulin, Quai des Bateliers, Allée des Tilleuls, "
    "Rue du Maréchal Foch, Chemin des Vignes"
)


def alsace(count: int, *, seed: int = 43) -> InventedTown:
    """Return a town with German and French streets, with its questions."""
    rng = np.random.default_rng(seed)
    german = [
        f"{first}{last}" for first, last in product(_GERMAN.split(), ("straße", "weg", "gasse", "platz", "allee"))
    ]
    french = _FRENCH.split(", ")
    rows: list[Row] = []
    for line, name in enumerate([*german, *french]):
        numbers = [
            f"{number}{' bis' if number % 8 == 0 and name in french else ''}"
            for number in range(1, int(rng.integers(12, 60)))
        ]
        numbers += ["7a", "7b"] if name in german else []
        rows += [
            {
                "street": name,
                "house_number": number,
                "city": "Neuweiler",
                "postcode": "67999",
                "x": 11.0 * place,
                "y": 140.0 * line,
            }
            for place, number in enumerate(numbers)
        ]
    return _town(rows, _asked(rows, _alsatian_spelling, rng, count), (7.7, 48.5))


def _alsatian_spelling(row: Row, rng: Rng) -> str:
    street, number = str(row["street"]), str(row["house_number"])
    drawn = rng.random()
    if drawn < 0.25:
        street = (
            street.replace("straße", _pick(rng, ["str.", "strasse", "str"]))
            .replace("Avenue", "Av.")
            .replace("Boulevard", "Bd")
        )
    elif drawn < 0.5:
        street = street.upper() if rng.random() < 0.5 else street.translate(str.maketrans("éèÉôâüö", "eeEoauo"))
    elif drawn < 0.65:
        street = _keyboard_slip(street, rng) if street.isascii() else street.lower()
    number = _pick(rng, [number, number.replace(" ", ""), number.upper()])
    form = _pick(
        rng, ["{s} {n}", "{n} {s}", "{n}, {s}", "{s} {n}, 67999 Neuweiler", "{n} {s}, 67999 Neuweiler", "{s} Nr. {n}"]
    )
    return form.format(s=street, n=number)


# An American grid: directions before and after, highways, honorary names, numbered streets with ordinals.
_HONOURED = (
    "Martin Luther King Jr Boulevard, County Road 12, State Highway 9, O'Fallon Court, Mt Vernon Place, "
    "Old Mill Trail, Sycamore Circle, Washington Parkway, Jefferson Davis Drive, Avenue K, Rio Grande Way, "
    "Ft Sumner Loop"
)
_AMERICAN = (
    "North N South S East E Street St Avenue Ave Boulevard Blvd Court Ct Place Pl Trail Trl Circle Cir Parkway Pkwy "
    "Drive Dr Highway Hwy Road Rd Mt Mount Ft Fort"
)


def prairie(count: int, *, seed: int = 44) -> InventedTown:
    """Return an American town with its questions."""
    rng = np.random.default_rng(seed)
    ends = {1: "st", 2: "nd", 3: "rd"}
    ordinal = [f"{n}{'th' if 10 < n % 100 < 14 else ends.get(n % 10, 'th')}" for n in range(1, 31)]
    names = [
        f"{side} {word} {kind}"
        for side, kind in (("North", "Street"), ("South", "Street"), ("East", "Avenue"))
        for word in ordinal[::3]
    ]
    names += _HONOURED.split(", ")
    rows: list[Row] = []
    for line, name in enumerate(names):
        numbers = sorted(
            set((100 * rng.integers(1, 30, size=40) + 2 * rng.integers(0, 50, size=40) + line % 2).tolist())
        )
        rows += [
            {"street": name, "house_number": str(number), "city": "Prairie Bend", "x": 1.0 * number, "y": 160.0 * line}
            for number in numbers
        ]
    return _town(rows, _asked(rows, _american_spelling, rng, count), (-97.3, 37.7))


def _american_spelling(row: Row, rng: Rng) -> str:
    table = _AMERICAN.split()
    short = dict(zip(table[::2], table[1::2], strict=True))
    words = str(row["street"]).split()
    words = [short.get(word, word) if rng.random() < 0.5 else word for word in words]
    street = " ".join(words)
    if rng.random() < 0.15 and len(street) > 9 and street.replace(" ", "").isalpha():
        street = _keyboard_slip(street, rng)
    street = _pick(rng, [street, street.upper(), street.lower(), street.replace("'", "")])
    unit = _pick(rng, ["", "", "", " apt 5", " #12", ", Suite 200", " Unit B"])
    tail = _pick(rng, ["", "", ", Prairie Bend", ", Prairie Bend KS 67201"])
    before = _pick(rng, ["", "", "", "pothole at ", "Trash not picked up at "])
    after = _pick(rng, ["", "", "", " since Monday", " again!!"]) if not tail else ""
    return f"{before}{row['house_number']} {street}{unit}{tail}{after}"


# A northern capital: lanes, courtyards, numbered blocks of a quarter, numbers with heavenly stems.
def capital(count: int, *, seed: int = 45) -> InventedTown:
    """Return a Chinese town of hutongs and courtyards, with its questions."""
    rng = np.random.default_rng(seed)
    stems = ["门外大街", "胡同", "北里", "南街", "中路", "桥东街", "后海沿", "夹道", "条"]
    heads = ["宣仁", "广渠", "鼓楼", "永外", "东直", "灯草", "帽檐", "百顺", "和平", "劲松", "方庄", "四眼井"]
    rows: list[Row] = []
    for line, name in enumerate(sorted({f"{_pick(rng, heads)}{_pick(rng, stems)}" for _ in range(70)})):
        area = {"city": "京城市", "district": "东华区", "town": "鼓台街道" if line % 2 else "沙窝地区"}
        for house in range(1, int(rng.integers(6, 50))):
            number = f"甲{house}号" if house % 7 == 0 else f"{house}号院" if house % 5 == 0 else f"{house}号"
            row: Row = {"street": name, "house_number": number, "x": 14.0 * house, "y": 160.0 * line}
            if house % 5 == 0:
                rows += [
                    row | area | {"building": f"{block}号楼", "x": 14.0 * house, "y": 160.0 * line + 40 * block}
                    for block in (1, 2, 3)
                ]
            else:
                rows.append(row | area)
    return _town(rows, _asked(rows, _northern_spelling, rng, count), (116.4, 39.9))


def _northern_spelling(row: Row, rng: Rng) -> str:
    number = str(row["house_number"])
    digits = number.strip("甲号院")
    said = _numeral(digits, rng)
    number = _pick(rng, [f"甲{said}号", f"{digits}号甲"]) if "甲" in number else number.replace(digits, said)
    block = ""
    if row.get("building"):
        block = str(row["building"])[0] + _pick(rng, ["号楼", "栋", "楼", "号楼2门501", "号楼3单元"])
    area = _pick(rng, ["", str(row["town"]), f"东华区{row['town']}", "京城市东华区"])
    before = _pick(rng, ["", "", "反映", "我是", "地址："])
    return (
        before
        + area
        + str(row["street"])
        + number
        + block
        + _pick(rng, ["", "", "居民，楼道堆物", "附近路灯不亮", "有人养鸡"])
    )


# An island town: sections, lanes and alleys one within another, written in traditional characters.
def island(count: int, *, seed: int = 46) -> InventedTown:
    """Return a town of sections, lanes and alleys, with its questions."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for line, (name, section) in enumerate(
        product(("中正路", "復興北路", "忠孝東路", "文昌街"), ("一段", "二段", "三段", ""))
    ):
        for lane in ("", *(f"{number}巷" for number in rng.choice(np.arange(3, 300, 2), size=5, replace=False))):
            alley = f"{int(rng.integers(1, 20))}弄" if lane and rng.random() < 0.5 else ""
            for house in range(1, int(rng.integers(5, 30))):
                number = f"{house}號" if house % 6 else f"{house}之1號"
                y = 900.0 * line + (0 if not lane else 100 + int(lane[:-1]))
                row: Row = {
                    "street": f"{name}{section}{lane}{alley}",
                    "house_number": number,
                    "x": 10.0 * house,
                    "y": y,
                }
                rows.append(row | {"district": "安平區", "city": "嘉東市"})
    return _town(rows, _asked(rows, _island_spelling, rng, count), (120.2, 23.0))


def _island_spelling(row: Row, rng: Rng) -> str:
    text = f"{_pick(rng, ['', '安平區', '嘉東市安平區'])}{row['street']}{row['house_number']}"
    drawn = rng.random()
    if drawn < 0.3:
        text = text.translate(str.maketrans("復興東區號", "复兴东区号"))
    elif drawn < 0.5:
        text = text.translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    elif drawn < 0.7:
        text = text.translate(str.maketrans("一二三", "123"))
    return text + _pick(rng, ["", "3樓", "對面工地噪音", "3樓之2"])


TOWNS = {
    "capital": capital,
    "island": island,
    "sichuan": sichuan,
    "england": england,
    "alsace": alsace,
    "prairie": prairie,
}
