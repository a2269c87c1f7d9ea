"""Layouts of address files as people publish them: which column holds what, known by the names of the columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FULL: Final = "full_address"
"""A whole address in one column."""

_NOT_SAID: Final = re.compile(r"[\s_:.\-()（）/]+")
_OSM: Final = re.compile(r"addr[:_]", re.IGNORECASE)

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "lon": ("lon", "lng", "long", "longitude", "x", "xcoord", "xcoordinate", "pointx", "经度", "东经", "x坐标"),
    "lat": ("lat", "latitude", "y", "ycoord", "ycoordinate", "pointy", "纬度", "北纬", "y坐标"),
    "house_number": (
        *("housenumber", "addrhousenumber", "number", "streetnumber", "stnum", "stno", "addnumber", "addnofull"),
        *("addressnumber", "addrnum", "houseno", "hno", "门牌号", "门牌", "门牌号码", "门牌编号", "门楼牌号"),
    ),
    "street": (
        *("street", "addrstreet", "streetname", "fullstreet", "fullstreetname", "fullstname", "stnamfull", "stname"),
        *("streetfull", "roadname", "road", "街路巷", "街路巷名", "街路巷名称", "街巷", "街路", "道路", "道路名称"),
        *("路名", "路街巷", "路街巷名", "街道路", "街路名称"),
    ),
    "unit": ("unit", "addrunit", "unitnumber", "apt", "apartment", "suite", "subaddress", "单元", "单元号"),
    "room": ("room", "addrdoor", "室", "室号", "房号", "房间", "房间号", "户室号", "户号"),
    "building": ("building", "bldg", "buildingnumber", "楼栋", "楼栋号", "栋", "栋号", "幢", "幢号", "楼号", "楼幢号"),
    "estate": ("estate", "addrplace", "小区", "小区名", "小区名称", "住宅小区", "院落", "院落名称"),
    "village_group": ("villagegroup", "村民小组", "小组", "组"),
    "community": (
        *("community", "addrneighbourhood", "neighborhood", "neighbourhood", "社区", "社区名称", "社区村", "村社区"),
        *("村", "村居", "村名", "行政村", "居委会", "村委会", "社区居委会"),
    ),
    "town": (
        *("town", "township", "addrsuburb", "addrtown", "街道", "街道名称", "乡镇", "乡镇街道", "街道乡镇", "镇街"),
        "镇",
    ),
    "district": (
        *("district", "addrdistrict", "county", "addrcounty", "区县", "县区", "区", "县", "区县名称", "县市区"),
        *("市辖区", "区市县"),
    ),
    "city": ("city", "addrcity", "postcity", "cityname", "municipality", "市", "城市", "地市", "地级市"),
    "province": ("province", "addrprovince", "region", "state", "addrstate", "省", "省份", "省级"),
    "postcode": ("postcode", "addrpostcode", "zip", "zipcode", "postalcode", "邮编", "邮政编码"),
    "name": ("name", "placename", "landmark", "名称", "地名", "单位名称", "标志物", "兴趣点"),
    "aliases": ("aliases", "altname", "别名", "曾用名", "简称", "俗称"),
    FULL: (
        *("address", "fulladdress", "fulladdr", "addrfull", "siteaddress", "streetaddress", "addressfull"),
        *("地址", "详细地址", "标准地址", "地址全称", "地址名称", "地址描述", "完整地址", "住址"),
    ),
    "code": ("code", "代码", "区划代码", "行政区划代码", "统计用区划代码", "编码"),
}
"""What a column may be called: lower case, without blanks and signs; those that say more stand first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of a file holds what.

    Parameters
    ----------
    name : str
        Of the layout, for people.
    columns : dict of str to str
        Ours to the file's.
    unused : tuple of str
        Columns of the file that hold nothing of an address.
    is_plain : bool
        Whether every column is called as ours are or was named by the user, so that nothing was guessed.
    """

    name: str
    columns: dict[str, str]
    unused: tuple[str, ...]
    is_plain: bool


def recognise(columns: Sequence[str], given: Mapping[str, str]) -> Layout:
    """Return the layout of a file.

    Parameters
    ----------
    columns : sequence of str
        Of the file.
    given : mapping of str to str
        Ours to the file's, as the user says: they count first. Then columns of our own names, then what others call
        them, in any case.
    """
    found = {ours: theirs for ours, theirs in given.items() if theirs in columns}
    for ours in _NAMES:
        if ours in columns and ours not in found and ours not in found.values():
            found[ours] = ours
    is_osm = any(_OSM.match(column) for column in columns)
    if is_osm and "building" not in given:
        # There the kind of a building: yes, house, school.
        found.pop("building", None)
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_NOT_SAID.sub("", column.casefold()), column)
    taken = set(found.values())
    for ours, names in _NAMES.items():
        if ours in found or (is_osm and ours == "building"):
            continue
        theirs = next((by_name[name] for name in names if name in by_name and by_name[name] not in taken), None)
        if theirs is not None:
            found[ours] = theirs
            taken.add(theirs)
    if {"street", "house_number"} & set(found) and FULL not in given:
        found.pop(FULL, None)
    unused = tuple(column for column in columns if column not in found.values())
    is_plain = all(theirs in {ours, given.get(ours)} for ours, theirs in found.items())
    return Layout(_name(columns, found, is_osm=is_osm), found, unused, is_plain)


def _name(columns: Sequence[str], found: Mapping[str, str], *, is_osm: bool) -> str:
    folded = {column.casefold() for column in columns}
    if is_osm:
        return "OpenStreetMap's tags"
    if {"number", "street", "city", "postcode"} <= folded:
        return "OpenAddresses"
    if any(not theirs.isascii() for theirs in found.values()):
        return "a table of addresses (地址表)"
    return "a table of addresses"
