"""What ``geogrid partition`` and ``geogrid evaluate`` tell: tables, a map, a report."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from boundaries.files.towns import DividedTown, TownLayers
    from geogrid.partition.evaluation import Evaluation

_SHARES = frozenset({"in_band", "on_barriers", "on_barriers_comprehensive", "on_barriers_dedicated"})
_SCORES = frozenset({"polsby_popper", "reock"})


def tell_partition(done: "DividedTown", written: Sequence[Path]) -> None:
    """Print the levels, the figures and the files to standard output."""
    grids = done.tree.grids
    leaf = len(done.tree.level_names)
    load = done.tree.leaves.load_name
    rows: list[tuple[str, ...]] = [("level", "grids", "in band", load, "least", "mean", "most")]
    for number, name in enumerate(done.tree.level_names, start=1):
        for kind in ("parent", "comprehensive", "dedicated"):
            chosen = grids[(grids["level"] == number) & (grids["kind"] == kind)]
            if len(chosen):
                label = f"{name}, {kind}" if number == leaf else name
                rows.append((label, f"{len(chosen):,}", f"{int(chosen['in_band'].sum()):,}", *_spread(chosen[load])))
    _table(rows)
    tell_figures(done.evaluation)
    click.echo("Written: " + ", ".join(map(str, written)))


def tell_figures(evaluation: "Evaluation") -> None:
    """Print every figure of the whole with its unit."""
    from geogrid.partition.evaluation import TOTAL_METRICS

    rows = [("figure", "value", "unit")]
    for metric in TOTAL_METRICS:
        value = evaluation.overall[metric.name]
        rows.append((metric.name.replace("_", " "), _figure(metric.name, value), metric.unit))
    _table(rows)


def write_partition_report(path: Path, done: "DividedTown", options: Mapping[str, Any]) -> None:
    """Write the wishes, the levels, every figure and every problem as JSON."""
    from api.cli.output.problems import problem_records, write_report

    grids = done.tree.grids
    counts = grids.groupby(["level", "level_name", "kind"], sort=True).size()
    report = {
        "options": {name: value for name, value in options.items() if value not in (None, ())},
        "levels": [
            {"level": level, "name": name, "kind": kind, "grids": count}
            for level, name, kind, count in counts.reset_index(name="count").itertuples(index=False)
        ],
        **figure_records(done.evaluation),
        "problems": problem_records(done.problems),
    }
    write_report(path, report)


def figure_records(evaluation: "Evaluation") -> dict[str, Any]:
    """Return the figures of the whole and the shares of the boundary as JSON objects."""
    from geogrid.blocks.barriers import RANK_NAMES
    from geogrid.partition.evaluation import TOTAL_METRICS

    figures = [
        {
            "name": metric.name,
            "value": None if evaluation.overall[metric.name] != evaluation.overall[metric.name]
            else evaluation.overall[metric.name],
            "unit": metric.unit,
            "source": metric.source,
        }
        for metric in TOTAL_METRICS
    ]  # fmt: skip
    sides = {
        side.name: {
            "length_m": side.length_m,
            "on_barriers": side.on_barriers,
            "length_by_rank_m": dict(zip(RANK_NAMES, side.length_by_rank_m.tolist(), strict=True)),
        }
        for side in evaluation.sides
    }
    return {
        "figures": figures,
        "boundary": dict(evaluation.barrier_share),
        "boundary_by_kind": sides,
        "off_barriers_m": dict(evaluation.off_barriers),
    }


def write_partition_map(path: Path, done: "DividedTown", layers: "TownLayers") -> None:
    """Write the grids over streets and buildings as a page that needs no network."""
    from api.web.assets import inlined_address
    from boundaries.files.towns.writing import replacing
    from geogrid.coordinates import WGS84
    from geogrid.maps import BaseMap, coverage_map, render

    streets = layers.barriers.to_crs(WGS84).sort_values("rank", kind="stable")
    buildings = None if layers.buildings is None else layers.buildings.to_crs(WGS84)
    water = None if layers.water is None else layers.water.to_crs(WGS84).clip(layers.limit.to_crs(WGS84))
    band = done.tree.leaves.band
    drawn = coverage_map(
        done.tree.to_frame(),
        limit=layers.limit.to_crs(WGS84).iloc[0],
        base=BaseMap(streets.assign(name=streets["name"].fillna("")), buildings, water),
        band=band if band[0] > 0 else None,
        load=done.tree.leaves.load_name,
        attribution=layers.attribution,
    )
    with replacing(path) as partial:
        partial.write_text(render(drawn, inlined_address), encoding="utf-8")


def _spread(load: Any) -> tuple[str, ...]:
    return (f"{load.sum():,.0f}", f"{load.min():,.0f}", f"{load.mean():,.1f}", f"{load.max():,.0f}")


def _figure(name: str, value: float) -> str:
    if value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return "not known"
    if name in _SHARES:
        return f"{value:.1%}"
    return f"{value:.3f}" if name in _SCORES else f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, aligned columns elsewhere."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(show_edge=False, pad_edge=False)
        for number, heading in enumerate(rows[0]):
            table.add_column(heading, justify="left" if number == 0 else "right")
        for row in rows[1:]:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        click.echo("  ".join(cells).rstrip())
