"""The plan of a synthetic town: a rectangle halved again and again by rivers, rails and streets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from geogrid.types import BoolArray, FloatArray, IntArray

UNITS_PER_M: Final = 10
"""Corners lie on whole decimetres: lines that meet do so exactly."""

_UNSET: Final = -1
_EVEN_BELOW: Final = 16
_SAMPLES: Final = 8
_SNAPS: Final = 6.0
_SLACK: Final = 0.3

Density = Callable[[FloatArray], FloatArray]
"""Blocks an area at (n, 2) points in units of the lattice; any scale."""


@dataclass(frozen=True, slots=True)
class Splits:
    """Lines that halve rectangles.

    Parameters
    ----------
    box : (m, 4) int64
        West, south, east and north end, units; two of them are equal.
    blocks : (m,) int64
        Number of blocks on both sides together: how important the line is.
    order : (m,) int64
        0 for the first line, which crosses the whole town, 1 for the next two, and so on.
    """

    box: IntArray
    blocks: IntArray
    order: IntArray


@dataclass(frozen=True, slots=True)
class Lattice:
    """Rectangles that tile one.

    Parameters
    ----------
    size : (2,) int64
        Width and height, units.
    box : (n, 4) int64
        West, south, east and north of each block, units.
    unit : (n, levels) int64
        Administrative area of each block on each level.
    pair : (n,) int64
        Number shared by the two blocks that one line separates; -1 for blocks without such a twin.
    unit_boxes : tuple of (k, 4) int64
        The administrative areas of each level.
    splits : Splits
        All lines.
    """

    size: IntArray
    box: IntArray
    unit: IntArray
    pair: IntArray
    unit_boxes: tuple[IntArray, ...]
    splits: Splits


@dataclass(frozen=True, slots=True)
class _Open:
    """Rectangles on the way: what each is still to be divided into on each level, the blocks last."""

    box: IntArray
    counts: IntArray
    unit: IntArray
    pair: IntArray

    def chosen(self, rows: BoolArray | IntArray) -> "_Open":
        return _Open(self.box[rows], self.counts[rows], self.unit[rows], self.pair[rows])


def halve(size: IntArray, counts: IntArray, density: Density, rng: np.random.Generator) -> Lattice:
    """Divide a rectangle into nested areas and blocks.

    Parameters
    ----------
    size : (2,) int64
        Width and height, units.
    counts : (levels + 1,) int64
        Number of areas of each level, top first, then of blocks; none smaller than the one before.
    density : callable
        Where blocks are small.
    rng : numpy.random.Generator
        Same state, same lattice.

    Returns
    -------
    Lattice
        Every count is met exactly.

    Notes
    -----
    All rectangles are halved at once, so the work is a few dozen passes over arrays however many there are. The
    first line crosses the whole town and is fit for a river, the next two continue each other, for a railway.
    """
    levels = len(counts) - 1
    top = np.array([[0, 0, *size.tolist()]])
    state = _Open(top, np.array([counts]), np.full((1, levels), _UNSET), np.full(1, _UNSET))
    complete: list[_Open] = []
    lines: list[Splits] = []
    unit_boxes: list[list[IntArray]] = [[] for _ in range(levels)]
    order = 0
    while len(state.box):
        _name_units(state, unit_boxes)
        whole = state.counts[:, -1] == 1
        complete.append(state.chosen(whole))
        state = state.chosen(~whole)
        if len(state.box):
            state, line = _halved(state, density, order, rng)
            twins = line.blocks == 2  # noqa: PLR2004 - the last line between two blocks
            number = sum(len(other.order) for other in lines) + np.arange(len(twins))
            state.pair[:] = np.tile(np.where(twins, number, _UNSET), 2)
            lines.append(line)
            order += 1
    blocks = _Open(*(np.concatenate([getattr(part, name) for part in complete]) for name in _Open.__slots__))
    return Lattice(
        size=size,
        box=blocks.box,
        unit=blocks.unit,
        pair=blocks.pair,
        unit_boxes=tuple(np.concatenate(boxes) for boxes in unit_boxes),
        splits=Splits(*(_joined([getattr(line, name) for line in lines], name) for name in Splits.__slots__)),
    )


def _joined(parts: list[IntArray], name: str) -> IntArray:
    empty = np.empty((0, 4) if name == "box" else 0, dtype=np.int64)
    joined: IntArray = np.concatenate([empty, *parts])
    return joined


def _name_units(state: _Open, unit_boxes: list[list[IntArray]]) -> None:
    """Give numbers to the rectangles that have become one area of a level, in place."""
    for level, boxes in enumerate(unit_boxes):
        fresh = (state.unit[:, level] == _UNSET) & (state.counts[:, level] == 1)
        used = sum(len(part) for part in boxes)
        state.unit[fresh, level] = used + np.arange(int(fresh.sum()))
        boxes.append(state.box[fresh])


def _halved(state: _Open, density: Density, order: int, rng: np.random.Generator) -> tuple[_Open, Splits]:
    box, counts = state.box, state.counts
    many = len(box)
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    upright = width * rng.lognormal(0.0, 0.2, many) > height
    if order <= 1:
        upright[:] = order == 1
    now = (counts > 1).argmax(axis=1)
    current = counts[np.arange(many), now]
    left = np.clip(np.rint(current * rng.uniform(0.4, 0.6, many)).astype(np.int64), 1, current - 1)
    cut = _cut_at(box, upright, left / current, blocks=counts[:, -1], density=density, rng=rng)
    if order == 1:
        cut[:] = int(cut.mean())
    near, far = _shared_out(counts, left / current)
    axis = np.where(upright, 0, 1)
    rows = np.arange(many)
    first, second, line = box.copy(), box.copy(), box.copy()
    first[rows, axis + 2] = cut
    second[rows, axis] = cut
    line[rows, axis] = line[rows, axis + 2] = cut
    halves = _Open(
        np.concatenate([first, second]),
        np.concatenate([near, far]),
        np.tile(state.unit, (2, 1)),
        np.tile(state.pair, 2),
    )
    return halves, Splits(line, counts[:, -1].copy(), np.full(many, order))


def _cut_at(  # noqa: PLR0913 - what is cut, and how
    box: IntArray,
    upright: BoolArray,
    share: FloatArray,
    *,
    blocks: IntArray,
    density: Density,
    rng: np.random.Generator,
) -> IntArray:
    """Return where each rectangle is cut so that a share of its blocks fits on the near side."""
    low = np.where(upright, box[:, 0], box[:, 1])
    length = np.where(upright, box[:, 2], box[:, 3]) - low
    part = share + rng.uniform(-0.06, 0.06, len(box))
    large = np.flatnonzero(blocks >= _EVEN_BELOW)
    part[large] = _by_density(box[large], upright[large], share[large], density)
    cut = low + part * length
    # Lines on both sides of a street continue each other more often when they lie on round numbers.
    step = 2.0 ** np.floor(np.log2(length / _SNAPS))
    cut = np.where(blocks >= _EVEN_BELOW // 2, np.rint(cut / step) * step, cut)
    kept: IntArray = np.rint(np.clip(cut, low + _SLACK * length, low + (1 - _SLACK) * length)).astype(np.int64)
    return kept


def _by_density(box: IntArray, upright: BoolArray, share: FloatArray, density: Density) -> FloatArray:
    """Return the part of the length of each rectangle that holds a share of its blocks."""
    along = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    size = (box[:, 2:] - box[:, :2]).astype(np.float64)
    mass = np.zeros((len(box), _SAMPLES))
    for across in (0.2, 0.5, 0.8):
        u = np.where(upright[:, None], along, across)
        v = np.where(upright[:, None], across, along)
        places = np.stack([box[:, :1] + u * size[:, :1], box[:, 1:2] + v * size[:, 1:]], axis=-1)
        mass += density(places.reshape(-1, 2)).reshape(mass.shape)
    summed = np.cumsum(mass, axis=1)
    target = share * summed[:, -1]
    step = np.argmax(summed >= target[:, None], axis=1)
    rows = np.arange(len(box))
    before = summed[rows, step] - mass[rows, step]
    part: FloatArray = (step + (target - before) / mass[rows, step]) / _SAMPLES
    return part


def _shared_out(counts: IntArray, share: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the counts of both halves: no level gets fewer than the one above it."""
    near = np.ones_like(counts)
    least_near = np.ones(len(counts), dtype=np.int64)
    least_far = np.ones(len(counts), dtype=np.int64)
    for level in range(counts.shape[1]):
        total = counts[:, level]
        divided = total > 1
        target = np.rint(share * total).astype(np.int64)
        got = np.minimum(np.maximum(target, least_near), total - least_far)
        near[:, level] = np.where(divided, got, 1)
        least_near = np.where(divided, near[:, level], least_near)
        least_far = np.where(divided, total - near[:, level], least_far)
    far = np.where(counts > 1, counts - near, 1)
    return near, far
