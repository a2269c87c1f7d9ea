"""The pictures of docs/partition.md: ``python -m tests.docs.partition_pictures`` makes them again."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import shapely

from geogrid import SyntheticTown, synthetic_town
from geogrid.blocks import NOWHERE, BlockRule, Blocks, MaxLoad, build_blocks
from geogrid.blocks.barriers import TERTIARY
from geogrid.partition import Partition, carve_dedicated, divide_heavy, partition
from geogrid.partition.evaluation import evaluate
from geogrid.types import GeometryArray, IntArray
from tests.docs.svg import Panel, label, picture

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
BAND = (300.0, 500.0)

_PAPER, _INK, _GREY = "#f4f1ea", "#22303c", "#6b7780"
_STREET, _WATER, _RAIL, _HOUSE = "#ffffff", "#9cc3dc", "#5d6670", "#cdbfae"
_UNDER, _OVER, _MOVED, _DEDICATED = "#7db3dc", "#ee9a5f", "#c5005f", "#5e3c99"
_FILLS = ("#cfe3d4", "#f3e0bf", "#d7dcef", "#efd3d0", "#d9ebee", "#e6dced")
_WIDTHS = {3: 1.0, 4: 1.6, 5: 2.6, 6: 3.6, 7: 4.4}
_HATCH = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="#e9e2f4"/><path d="M0 0V6" stroke="{_DEDICATED}" stroke-width="1.6" '
    'stroke-opacity="0.55"/></pattern>'
    '<pattern id="moved" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
    f'<path d="M0 0V5" stroke="{_MOVED}" stroke-width="1.8" stroke-opacity="0.8"/></pattern>'
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A town and its grids."""

    town: SyntheticTown
    blocks: Blocks
    grids: Partition


@cache
def scene() -> Scene:
    """Return the town of every picture."""
    town = synthetic_town(190, rng=np.random.default_rng(11), households=13_500, n_sites=8, block_m2=15_000)
    blocks = build_blocks(town.limit, town.barriers, buildings=town.buildings)
    blocks = carve_dedicated(divide_heavy(blocks, MaxLoad(BAND[1])), town.sites)
    return Scene(town, blocks, partition(blocks, band=BAND, rng=np.random.default_rng(1)))


def before_and_after() -> str:
    """Return the town beside its grids."""
    shown = scene()
    left, right = _panels(shown.town, 2)
    _base(left, shown.town)
    _sites(left, shown.town)
    _grids(right, shown.town, shown.grids)
    loads = shown.grids.load[shown.grids.site == NOWHERE]
    figures = evaluate(shown.grids, limit=shown.town.limit.iloc[0]).overall
    told = (
        f"{len(loads)} grids of {loads.min():.0f} to {loads.max():.0f} households, {len(shown.grids) - len(loads)} "
        f"dedicated; {figures['on_barriers']:.0%} on streets; {figures['buildings_cut']:.0f} buildings cut"
    )
    before = f"{len(shown.town.buildings):,} buildings, {int(shown.blocks.loads['households'].sum()):,} households"
    captions = [
        _caption(left, "Before: streets and buildings", before),
        _caption(right, "After: grids", told),
    ]
    return _page([left, right], captions, "A town before and after its division into grids")


def steps() -> str:
    """Return a part of the town through the three steps, as if it had main streets only."""
    town = scene().town
    rule = BlockRule(min_rank=TERTIARY)
    whole = build_blocks(town.limit, town.barriers, buildings=town.buildings, rule=rule)
    divided = divide_heavy(whole, MaxLoad(BAND[1] / 2), rule=rule.merge)
    carved = carve_dedicated(divided, town.sites)
    grids = partition(carved, band=BAND, rng=np.random.default_rng(1))
    panels = _panels(town, 3, bounds=_part(town, (0.33, 0.42), (0.78, 0.9)))
    for panel, blocks in zip(panels[:2], (whole, carved), strict=True):
        load = blocks.loads["households"]
        _base(panel, town, least=TERTIARY)
        panel.draw(blocks.polygons[load > BAND[1]], fill=_OVER, fill_opacity=0.35)
        panel.draw(blocks.polygons[blocks.site != NOWHERE], fill="url(#hatch)", fill_opacity=0.85)
        panel.draw(blocks.polygons, fill="none", stroke=_INK, stroke_width=1.4, stroke_linejoin="round")
        panel.write(_middles(blocks.polygons), [f"{value:.0f}" if value else "" for value in load], **_small(10))
    _grids(panels[2], town, grids, least=TERTIARY)
    captions = [
        _caption(panels[0], "1  Blocks", "between main streets; orange: over 500 households"),
        _caption(panels[1], "2  Divided and carved", "between buildings; institutions cut out"),
        _caption(panels[2], "3  Grids", f"of {BAND[0]:.0f} to {BAND[1]:.0f} households"),
    ]
    return _page(panels, captions, "From blocks to grids in three steps")


def _part(
    town: SyntheticTown, low: tuple[float, float], high: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return a part of the bounds of a town, by shares of its width and height."""
    west, south, east, north = town.limit.total_bounds.tolist()
    width, height = east - west, north - south
    return (west + low[0] * width, south + low[1] * height, west + high[0] * width, south + high[1] * height)


def rebalanced() -> str:
    """Return an old plan whose town has grown, and the new plan that moves the fewest households."""
    shown = scene()
    grown = _grown(shown)
    old = replace(shown.grids, blocks=grown, load=_loads(grown, shown.grids.grid))
    new = partition(grown, band=BAND, previous=old.grid, rng=np.random.default_rng(1))
    left, right = _panels(shown.town, 2)
    _grids(left, shown.town, old, by_band=True)
    _grids(right, shown.town, new, by_band=True)
    kept = np.where(new.former[new.grid] == NOWHERE, -2, new.former[new.grid])
    moved = (kept != old.grid) & (grown.site == NOWHERE)
    right.draw(grown.polygons[moved], fill="url(#moved)", stroke=_MOVED, stroke_width=1.4)
    load = grown.loads["households"]
    figures = evaluate(new, previous=old.grid).overall
    out, still = (int((~plan.in_band).sum()) for plan in (old, new))
    captions = [
        _caption(left, "The plan in force, after estates have grown", f"{out} grids over 500 households"),
        _caption(
            right,
            "The next plan",
            f"{figures['moved']:,.0f} of {load.sum():,.0f} households change grids (hatched); {still} grids are out",
        ),
    ]
    return _page([left, right], captions, "A plan brought back into its band with few changes")


def _grown(shown: Scene) -> Blocks:
    """Return the blocks after estates were built in the east."""
    xy = shapely.get_coordinates(shapely.centroid(shown.blocks.polygons))
    west, south, east, north = shown.town.limit.total_bounds
    centre = np.array([west + 0.68 * (east - west), south + 0.6 * (north - south)])
    near = np.hypot(*(xy - centre).T) < 0.13 * (east - west)
    households = shown.blocks.loads["households"]
    grown = np.where(near, 1.6 * households, households).round()
    return replace(shown.blocks, loads={**shown.blocks.loads, "households": grown})


def _loads(blocks: Blocks, grid: IntArray) -> np.ndarray:
    return np.bincount(grid, weights=blocks.loads["households"]).astype(np.float64)


def _panels(town: SyntheticTown, count: int, bounds: tuple[float, float, float, float] | None = None) -> list[Panel]:
    west, south, east, north = bounds or town.limit.total_bounds.tolist()
    margin = 0.0 if bounds else 0.02 * (east - west)
    frame = (west - margin, south - margin, east + margin, north + margin)
    width = (1200 - 20 * (count - 1)) / count
    return [Panel(frame, number * (width + 20), 46, width) for number in range(count)]


def _page(panels: list[Panel], captions: list[str], title: str) -> str:
    height = 46 + max(panel.height for panel in panels) + 4
    parts = [*captions, *(panel.text() for panel in panels)]
    return picture(1200, round(height), parts, title=title, definitions=_HATCH)


def _caption(panel: Panel, heading: str, told: str) -> str:
    top = label(panel.left, 18, heading, font_size=16, font_weight="bold", fill=_INK)
    return top + label(panel.left, 37, told, font_size=12.5, fill=_GREY)


def _base(panel: Panel, town: SyntheticTown, *, least: int = 0) -> None:
    """Draw land, water, rail, streets of a least rank, and buildings."""
    panel.draw(town.limit.to_numpy(), fill=_PAPER)
    _streets(panel, town, least=least)
    panel.draw(town.buildings.geometry.to_numpy(), fill=_HOUSE)


def _streets(panel: Panel, town: SyntheticTown, *, opacity: float = 1.0, least: int = 0) -> None:
    lines = town.barriers
    shapes: GeometryArray = lines.geometry.to_numpy()
    widths = [(rank, width) for rank, width in _WIDTHS.items() if rank >= least]
    for rank, width in widths:
        chosen = shapes[((lines["rank"] == rank) & (lines["kind"] == "highway")).to_numpy()]
        panel.draw(chosen, fill="none", stroke="#b9b2a6", stroke_width=width + 1.0, stroke_opacity=opacity)
    for rank, width in widths:
        chosen = shapes[((lines["rank"] == rank) & (lines["kind"] == "highway")).to_numpy()]
        panel.draw(chosen, fill="none", stroke=_STREET, stroke_width=width, stroke_opacity=opacity)
    panel.draw(shapes[(lines["kind"] == "waterway").to_numpy()], fill="none", stroke=_WATER, stroke_width=9)
    rail = shapes[(lines["kind"] == "railway").to_numpy()]
    panel.draw(rail, fill="none", stroke=_RAIL, stroke_width=2.6)
    panel.draw(rail, fill="none", stroke=_STREET, stroke_width=1.2, stroke_dasharray="5 5")


def _sites(panel: Panel, town: SyntheticTown) -> None:
    panel.draw(town.sites.geometry.to_numpy(), fill="url(#hatch)", stroke=_DEDICATED, stroke_width=1)
    names = [category.replace("_", " ") for category in town.sites["category"]]
    panel.write(shapely.point_on_surface(town.sites.geometry.to_numpy()), names, **_small(8.5, _DEDICATED))


def _grids(panel: Panel, town: SyntheticTown, grids: Partition, *, by_band: bool = False, least: int = 0) -> None:
    polygons = grids.polygons()
    fills = _band_fills(grids) if by_band else _map_fills(grids)
    for fill in dict.fromkeys(fills):
        panel.draw(polygons[[own == fill for own in fills]], fill=fill)
    _streets(panel, town, opacity=0.65, least=least)
    panel.draw(town.buildings.geometry.to_numpy(), fill=_INK, fill_opacity=0.16)
    panel.draw(polygons, fill="none", stroke=_INK, stroke_width=2.2, stroke_linejoin="round")
    ordinary = grids.site == NOWHERE
    texts = [f"{load:.0f}" for load in grids.load[ordinary]]
    panel.write(_middles(polygons[ordinary]), texts, **_small(12))


def _middles(polygons: GeometryArray) -> GeometryArray:
    """Return the place in each polygon that is farthest from its edge."""
    middles: GeometryArray = shapely.get_point(shapely.maximum_inscribed_circle(polygons), 0)
    return middles


def _band_fills(grids: Partition) -> list[str]:
    low, high = grids.band
    ordinary = [_UNDER if load < low else _OVER if load > high else _FILLS[0] for load in grids.load]
    return [fill if site == NOWHERE else "url(#hatch)" for fill, site in zip(ordinary, grids.site, strict=True)]


def _map_fills(grids: Partition) -> list[str]:
    """Return a colour for each grid that none of its neighbours has; dedicated ones are hatched."""
    neighbours = grids.blocks.adjacency.contracted(grids.grid).graph()
    colours: list[int] = []
    for grid in range(len(grids)):
        around = neighbours.indices[neighbours.indptr[grid] : neighbours.indptr[grid + 1]].tolist()
        taken = {colours[other] for other in around if other < grid}
        colours.append(next(colour for colour in range(len(grids)) if colour not in taken))
    fills = [_FILLS[colour % len(_FILLS)] for colour in colours]
    return [fill if site == NOWHERE else "url(#hatch)" for fill, site in zip(fills, grids.site, strict=True)]


def _small(size: float, fill: str = _INK) -> dict[str, object]:
    return {
        "font_size": size, "fill": fill, "text_anchor": "middle", "dominant_baseline": "central", "stroke": "#ffffff",
        "stroke_width": 2.4, "stroke_opacity": 0.85, "paint_order": "stroke",
    }  # fmt: skip


MAKERS = {
    "partition-before-after.svg": before_and_after,
    "partition-steps.svg": steps,
    "partition-rebalance.svg": rebalanced,
}


def main() -> None:
    """Write every picture."""
    PICTURES.mkdir(exist_ok=True)
    for name, make in MAKERS.items():
        (PICTURES / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
