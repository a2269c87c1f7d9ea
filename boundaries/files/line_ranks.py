"""What a line is worth as a boundary: the one table from tags and classes to ranks, for extracts and files alike.

Tags are those of the OpenStreetMap wiki's "Map features"; `CLASS_RANKS` adds the words of other maps.
"""

from collections.abc import Mapping
from typing import Final

from geogrid.blocks import barriers as rank


def _values(text: str) -> frozenset[str]:
    return frozenset(text.split())


HIGHWAY_RANKS: Final[Mapping[str, int]] = {
    "motorway": rank.RAIL_WATER_MOTORWAY,
    "trunk": rank.RAIL_WATER_MOTORWAY,
    "primary": rank.PRIMARY,
    "secondary": rank.SECONDARY,
    "tertiary": rank.TERTIARY,
    "unclassified": rank.RESIDENTIAL,
    "residential": rank.RESIDENTIAL,
    "living_street": rank.RESIDENTIAL,
    "road": rank.RESIDENTIAL,
    "busway": rank.RESIDENTIAL,
    "bus_guideway": rank.RESIDENTIAL,
    "pedestrian": rank.PEDESTRIAN,
    "service": rank.SERVICE,
    "track": rank.SERVICE,
    "byway": rank.SERVICE,
    "footway": rank.FOOTPATH,
    "cycleway": rank.FOOTPATH,
    "path": rank.FOOTPATH,
    "steps": rank.FOOTPATH,
    "bridleway": rank.FOOTPATH,
    "trail": rank.FOOTPATH,
}
"""Rank by ``highway``; a ``*_link`` ranks as its class, ``track_grade1`` as a track, of several values the highest
counts. A service road or footway that has a name, and is no sidewalk or crossing, ranks as a pedestrian street."""

RAIL_RANKS: Final[Mapping[str, int]] = {
    "rail": rank.RAIL_WATER_MOTORWAY,
    "light_rail": rank.RAIL_WATER_MOTORWAY,
    "narrow_gauge": rank.RAIL_WATER_MOTORWAY,
    "preserved": rank.RAIL_WATER_MOTORWAY,
    "rack": rank.RAIL_WATER_MOTORWAY,
}
"""Rank by ``railway``. Trams run in streets, subways below them: neither divides the land."""

WATER_RANKS: Final[Mapping[str, int]] = {
    "river": rank.RAIL_WATER_MOTORWAY,
    "canal": rank.RAIL_WATER_MOTORWAY,
    "riverbank": rank.RAIL_WATER_MOTORWAY,
    "dock": rank.RAIL_WATER_MOTORWAY,
    "tidal_channel": rank.RAIL_WATER_MOTORWAY,
    "stream": rank.TERTIARY,
    "ditch": rank.FOOTPATH,
    "drain": rank.FOOTPATH,
    "dam": rank.FOOTPATH,
}
"""Rank by ``waterway``. Banks of `WATER_AREAS` and coastlines rank as rivers."""

WIDE_LINES: Final = frozenset({"river", "tidal_channel", "河流"})
"""Water whose lines are wide water, which parts its shores, unless they tell a width under `WIDE_M`; all other lines of
water are where they tell that width or more. Where their areas are drawn, these count alone."""

BARRIER_RANKS: Final[Mapping[str, int]] = {
    "city_wall": rank.PEDESTRIAN,
    "wall": rank.FOOTPATH,
    "retaining_wall": rank.FOOTPATH,
    "fence": rank.FOOTPATH,
    "hedge": rank.FOOTPATH,
    "ditch": rank.FOOTPATH,
    "guard_rail": rank.FOOTPATH,
    "railing": rank.FOOTPATH,
}
"""Rank by ``barrier``: what stands around yards and fields bounds no block, but divides one that is too heavy."""

NATURAL_RANKS: Final[Mapping[str, int]] = {
    "coastline": rank.RAIL_WATER_MOTORWAY,
    "water": rank.RAIL_WATER_MOTORWAY,
    "cliff": rank.FOOTPATH,
    "ridge": rank.FOOTPATH,
    "arete": rank.FOOTPATH,
    "earth_bank": rank.FOOTPATH,
    "tree_row": rank.FOOTPATH,
}
"""Rank by ``natural``, of lines and of outlines of water."""

STRUCTURE_RANKS: Final[Mapping[str, int]] = {
    "embankment": rank.FOOTPATH,
    "dyke": rank.FOOTPATH,
    "dike": rank.FOOTPATH,
    "cutline": rank.FOOTPATH,
}
"""Rank by ``man_made``."""

WATER_AREAS: Final[Mapping[str, frozenset[str]]] = {
    "natural": frozenset({"water"}),
    "waterway": frozenset({"riverbank", "dock"}),
    "landuse": frozenset({"reservoir"}),
}
"""Areas of water: their banks rank as rivers."""
FIELD_AREAS: Final[Mapping[str, frozenset[str]]] = {
    "landuse": _values(
        "allotments farmland farmyard forest grass greenfield landfill meadow orchard plant_nursery quarry "
        "recreation_ground residential village_green vineyard"
    ),
    "natural": _values(
        "bare_rock beach fell glacier grassland heath moor mud sand scree scrub shingle tundra wetland wood"
    ),
}
"""Areas whose edges rank as footpaths: where one use of the land ends, in open land, a boundary may run."""

TABLES: Final[Mapping[str, Mapping[str, int]]] = {
    "highway": HIGHWAY_RANKS,
    "railway": RAIL_RANKS,
    "waterway": WATER_RANKS,
    "barrier": BARRIER_RANKS,
    "natural": NATURAL_RANKS,
    "man_made": STRUCTURE_RANKS,
}

NO_LINES: Final[Mapping[str, frozenset[str]]] = {
    "highway": _values(
        "abandoned bus_stop construction corridor crossing demolished destroyed disused elevator "
        "emergency_access_point "
        "emergency_bay escape ferry give_way ladder milestone mini_roundabout motorway_junction no passing_place "
        "planned platform proposed raceway razed removed rest_area services speed_camera stop street_lamp "
        "toll_gantry traffic_mirror traffic_signals turning_circle turning_loop via_ferrata"
    ),
    "railway": _values(
        "abandoned buffer_stop construction crossing demolished dismantled disused funicular halt level_crossing "
        "miniature miniature_railway monorail no planned platform platform_edge proposed razed removed roundhouse "
        "signal station stop subway subway_entrance switch tram tram_stop traverser turntable workshop yard"
    ),
    "waterway": _values(
        "boatyard derelict_canal fairway flowline fuel link lock_gate no pipeline pressurised rapids sluice_gate "
        "soakhole spring turning_point water_point waterfall weir"
    ),
    "barrier": _values(
        "block bollard border_control bump_gate cattle_grid chain cycle_barrier entrance gate handrail "
        "height_restrictor jersey_barrier kerb kissing_gate lift_gate log motorcycle_barrier no stile "
        "swing_gate toll_booth turnstile"
    ),
    "man_made": _values("breakwater bridge groyne pier pipeline tunnel"),
    "leisure": _values("pitch slipway swimming_pool"),
}
"""Values that are known to divide no land: places, plans, what is gone, what runs in streets, above or below."""

CLASS_RANKS: Final[Mapping[str, int]] = {
    **STRUCTURE_RANKS,
    **NATURAL_RANKS,
    **BARRIER_RANKS,
    **WATER_RANKS,
    **RAIL_RANKS,
    **HIGHWAY_RANKS,
    "railway": rank.RAIL_WATER_MOTORWAY,
    "water": rank.RAIL_WATER_MOTORWAY,
    "reservoir": rank.RAIL_WATER_MOTORWAY,
    "expressway": rank.RAIL_WATER_MOTORWAY,
    "limit": rank.LIMIT,
    # A file that calls its lines walls means those of compounds, which part neighbourhoods.
    "wall": rank.PEDESTRIAN,
    "arterial": rank.PRIMARY,
    "collector": rank.TERTIARY,
    "local": rank.RESIDENTIAL,
    "lane": rank.RESIDENTIAL,
    "alley": rank.PEDESTRIAN,
    "高速公路": rank.RAIL_WATER_MOTORWAY,
    "快速路": rank.RAIL_WATER_MOTORWAY,
    "铁路": rank.RAIL_WATER_MOTORWAY,
    "河流": rank.RAIL_WATER_MOTORWAY,
    "国道": rank.PRIMARY,
    "省道": rank.PRIMARY,
    "主干路": rank.PRIMARY,
    "主干道": rank.PRIMARY,
    "县道": rank.SECONDARY,
    "次干路": rank.SECONDARY,
    "次干道": rank.SECONDARY,
    "乡道": rank.TERTIARY,
    "支路": rank.TERTIARY,
    "村道": rank.RESIDENTIAL,
    "街坊路": rank.RESIDENTIAL,
    "巷": rank.RESIDENTIAL,
    "围墙": rank.PEDESTRIAN,
    "小路": rank.FOOTPATH,
    "田埂": rank.FOOTPATH,
    "沟渠": rank.FOOTPATH,
}
"""Rank by a class that does not say of which key it is."""

CLASS_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys((*STRUCTURE_RANKS, *BARRIER_RANKS, "围墙"), "wall"),
    **dict.fromkeys(NATURAL_RANKS, "ridge"),
    **dict.fromkeys((*WATER_RANKS, "water", "reservoir", "河流", "沟渠"), "waterway"),
    **dict.fromkeys((*RAIL_RANKS, "railway", "铁路"), "railway"),
    "limit": "limit",
    "田埂": "ridge",
}
KINDS: Final = {"barrier": "wall", "natural": "ridge", "man_made": "wall"}

CLASS: Final = "class"
"""The key of a class that does not say of which key it is."""
TAGS: Final = (*TABLES, "width", "est_width", "tunnel", "layer", "location", "indoor", "footway", "service")
"""Tags that decide on the rank of a line."""
WIDTHS: Final = ("width", "est_width")
"""Tags with the width of water, metres."""
