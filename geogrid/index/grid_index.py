"""The index that answers which grid a point is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geogrid.errors import InvalidInputError
from geogrid.index.boxes import box_tree, level_starts
from geogrid.index.building import compile_edges
from geogrid.index.edges import edges_of
from geogrid.index.layout import Frame, Parts
from geogrid.index.locating import locate_points
from geogrid.index.nearest import ScaledPoints, nearest_boundaries, polygons_within
from geogrid.index.overlaps import overlapping_pairs
from geogrid.index.sharing import share_out
from geogrid.index.storage import FilePath, read_sections, write_sections
from geogrid.jit import Array, locked
from geogrid.types import FloatArray
from geogrid.wording import html_table

Positions = NDArray[np.int32]
Scale = tuple[ArrayLike, ArrayLike]

_FIRST_ROWS: Final = 1024
_SECTIONS: Final = {
    "frame": ("f8", 0),
    "coarse": ("i8", 0),
    "fine": ("i4", 0),
    "words": ("i4", 0),
    "vertices": ("f8", 2),
    "left": ("i4", 0),
    "right": ("i4", 0),
    "rank": ("i4", 0),
    "boxes": ("f8", 4),
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """Polygons near points, as three arrays of one length, ordered by point, then distance, then rank.

    Parameters
    ----------
    point : (k,) int64
        Which input point.
    positions : (k,) int32
        Position of the polygon.
    distances : (k,) float64
        Distance in scaled units; 0 where the polygon contains the point.
    """

    point: NDArray[np.int64]
    positions: Positions
    distances: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class GridIndex:
    """Polygons compiled for point lookups. Make one with `build` or `open`; it never changes and is thread safe.

    Which polygon a point is in is decided exactly, as if with real numbers, for the doubles given. Polygons
    are closed: a point on a shared edge or corner is in all polygons that meet there, and like any point where
    polygons overlap it goes to the one with the smallest code, or the smallest position if built without codes.

    Parameters
    ----------
    frame : Frame
        The coarse table in the plane.
    coarse, fine, words : arrays
        Tables and records, see `geogrid.index.layout`.
    vertices, left, right : arrays
        Edges, see `geogrid.index.edges.Edges`.
    rank : (n,) int32
        Place of each polygon in the order of codes.
    boxes : (b, 4) float64
        Boxes of edges, see `geogrid.index.boxes`.
    """

    frame: Frame
    coarse: Array
    fine: Array
    words: Array
    vertices: Array
    left: Array
    right: Array
    rank: Array
    boxes: Array

    @classmethod
    def build(cls, polygons: ArrayLike, *, codes: Sequence[str] | NDArray[Any] | None = None) -> Self:
        """Compile polygons.

        Parameters
        ----------
        polygons : (n,) object
            Shapely Polygon or MultiPolygon, any planar CRS; holes, islands, gaps and overlaps are allowed. A
            point is inside a ring where a ray from it crosses the ring an odd number of times.
        codes : (n,), optional
            Order that decides points of several polygons, whatever the order of the input. Of equal codes the
            smaller position answers.

        Raises
        ------
        InvalidInputError
            An element is not polygonal, has a coordinate that is not finite, codes and polygons differ in number,
            or there is more than one index holds (some ten million grids of a city).
        """
        array = np.asarray(polygons, dtype=np.object_)
        edges = edges_of(array)
        rank = _rank(len(array), codes)
        tables = compile_edges(edges, rank)
        return cls(
            tables.frame,
            locked(tables.coarse),
            locked(tables.fine),
            locked(tables.words),
            locked(edges.vertices),
            locked(edges.left),
            locked(edges.right),
            locked(rank),
            locked(box_tree(edges)),
        )

    @classmethod
    def open(cls, path: FilePath) -> Self:
        """Map a saved index into memory; processes that open the same file share it.

        Raises
        ------
        NotFoundError
            There is no such file.
        InvalidInputError
            The file is no index, or is damaged.
        """
        sections = read_sections(path)
        wrong = [
            name
            for name, (kind, columns) in _SECTIONS.items()
            if name not in sections
            or sections[name].dtype != np.dtype(kind)
            or sections[name].shape[1:] != ((columns,) if columns else ())
        ]
        if wrong or not _fit_together(sections):
            raise InvalidInputError.of(
                "index-file",
                f"'{path}' is no usable index file: {', '.join(wrong) or 'its parts'} cannot be understood.",
                "Build the index again and save it.",
            )
        *box, columns, rows, slack = sections["frame"].tolist()
        frame = Frame._make([*box, int(columns), int(rows), slack])
        return cls(frame, **{name: locked(sections[name]) for name in _SECTIONS if name != "frame"})

    def save(self, path: FilePath) -> None:
        """Write the index to a file, all or nothing.

        Raises
        ------
        GeogridError
            The file cannot be written.
        """
        frame = np.array(self.frame, dtype=np.float64)
        write_sections(path, {name: frame if name == "frame" else getattr(self, name) for name in _SECTIONS})

    def __len__(self) -> int:
        """Return the number of polygons."""
        return len(self.rank)

    def __repr__(self) -> str:
        """Return the size of the index."""
        return f"GridIndex({len(self):,} polygons, {self.nbytes / 1e6:,.1f} MB)"

    def _repr_html_(self) -> str:
        """Return what notebooks show: its size."""
        rows = {"polygons 多边形": f"{len(self):,}", "memory 内存": f"{self.nbytes / 1e6:,.1f} MB"}
        return html_table("GridIndex 网格索引", rows)

    @property
    def nbytes(self) -> int:
        """Size of the index in memory, and nearly of its file."""
        return sum(getattr(self, name).nbytes for name in _SECTIONS if name != "frame")

    @cached_property
    def overlaps(self) -> Positions:
        """Pairs of polygons whose insides share a point, (k, 2) int32 in ascending order; found when first asked for.

        Exact for valid polygons, however narrow the overlap; polygons that only touch are none.
        """
        return overlapping_pairs(self._parts)

    @cached_property
    def _parts(self) -> Parts:
        return Parts(
            self.frame,
            self.coarse,
            self.fine,
            self.words,
            self.words.view(np.float64),
            self.vertices,
            self.left,
            self.right,
            self.rank,
            self.boxes,
            locked(level_starts(len(self.left))),
        )

    def locate(self, x: ArrayLike, y: ArrayLike, *, threads: int = 1) -> Positions:
        """Return the position of the polygon of each point.

        Parameters
        ----------
        x, y : (m,) float64
            Points in the CRS of the polygons.
        threads : int
            Threads that share the work.

        Returns
        -------
        (m,) int32
            Position in the polygons; -1 outside all of them, and for NaN and infinity.

        Raises
        ------
        InvalidInputError
            x and y differ in shape, or `threads` is less than 1.
        """
        xs, ys = _points(x, y)
        if threads < 1:
            raise InvalidInputError.of("threads", f"threads is {threads}, at least 1 is needed.")
        faces = np.empty(len(xs), dtype=np.int32)

        def work(part: slice) -> None:
            locate_points(xs[part], ys[part], self._parts, faces[part])

        share_out(work, len(xs), threads)
        return faces

    def nearest_boundary(
        self, x: ArrayLike, y: ArrayLike, *, scale: Scale = (1.0, 1.0)
    ) -> tuple[FloatArray, Positions]:
        """Return the distance to the nearest line that separates different grids, and the grid across it.

        Parameters
        ----------
        x, y : (m,) float64
            Points in the CRS of the polygons.
        scale : tuple of float or (m,) float64
            Factors of differences in x and in y, e.g. metres per degree.

        Returns
        -------
        distance : (m,) float64
            In scaled units, from inside or outside the polygons; NaN for a point that is not finite, infinity
            where there is no polygon at all.
        across : (m,) int32
            Position of the polygon across; of several, the first by rank; -1 where there is none.
        """
        xs, ys = _points(x, y)
        places = ScaledPoints(xs, ys, *_factors(scale, len(xs)))
        distance, across = np.empty(len(xs)), np.empty(len(xs), dtype=np.int32)
        nearest_boundaries(places, locked(self.locate(xs, ys)), self._parts, distance, across)
        distance[~(np.isfinite(xs) & np.isfinite(ys))] = np.nan
        return distance, across

    def within(self, x: ArrayLike, y: ArrayLike, radius: ArrayLike, *, scale: Scale = (1.0, 1.0)) -> Candidates:
        """Return every polygon whose distance to a point is at most `radius`.

        Parameters
        ----------
        x, y : (m,) float64
            Points in the CRS of the polygons; a point that is not finite is near nothing.
        radius : float or (m,) float64
            In scaled units, e.g. the positional error of the points in metres.
        scale : tuple of float or (m,) float64
            Factors of differences in x and in y, e.g. metres per degree.

        Raises
        ------
        InvalidInputError
            A radius is negative or NaN.
        """
        xs, ys = _points(x, y)
        radii = locked(np.broadcast_to(np.asarray(radius, dtype=np.float64), xs.shape))
        if not (radii >= 0).all():
            raise InvalidInputError.of("radius", "A radius is negative or NaN.", "Give 0 or more.")
        places = ScaledPoints(xs, ys, *_factors(scale, len(xs)))
        rows, begin, room = np.zeros(len(self), dtype=np.int64), 0, _FIRST_ROWS + 4 * len(xs)
        chunks: list[tuple[Array, Array, Array]] = []
        while begin < len(xs):
            out = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int32), np.empty(room)
            begin, used = polygons_within(begin, places, radii, self._parts, rows, out)
            chunks.append((out[0][:used], out[1][:used], out[2][:used]))
            rows[:] = 0
            room *= 2
        return self._ordered(chunks)

    def _ordered(self, chunks: list[tuple[Array, Array, Array]]) -> Candidates:
        empty = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0)
        point, positions, squared = (np.concatenate(parts) for parts in zip(empty, *chunks, strict=True))
        order = np.lexsort((self.rank[positions], squared, point))
        return Candidates(point[order], positions[order], np.sqrt(squared[order]))


def _fit_together(sections: Mapping[str, Array]) -> bool:
    """Tell whether arrays have the lengths that lookups rely on."""
    if len(sections["frame"]) != len(Frame._fields):
        return False
    _, columns, rows, _ = sections["frame"][-4:]
    slots = len(sections["vertices"])
    return (
        len(sections["coarse"]) == columns * rows
        and len(sections["left"]) == len(sections["right"]) == slots
        and len(sections["boxes"]) == level_starts(slots)[-1]
    )


def _rank(count: int, codes: Sequence[str] | NDArray[Any] | None) -> Positions:
    rank = np.arange(count, dtype=np.int32)
    if codes is not None:
        if len(codes) != count:
            raise InvalidInputError.of("codes", f"There are {len(codes):,} codes for {count:,} polygons.")
        rank[np.argsort(np.asarray(codes), kind="stable")] = np.arange(count, dtype=np.int32)
    return rank


def _points(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    xs, ys = np.atleast_1d(np.asarray(x, dtype=np.float64)), np.atleast_1d(np.asarray(y, dtype=np.float64))
    if xs.shape != ys.shape or xs.ndim != 1:
        raise InvalidInputError.of(
            "shape", f"x has shape {xs.shape} and y {ys.shape}; both must be (m,).", "Give one x and one y a point."
        )
    return locked(xs), locked(ys)


def _factors(scale: Scale, count: int) -> tuple[Array, Array]:
    sx, sy = (locked(np.broadcast_to(np.asarray(factor, dtype=np.float64), (count,))) for factor in scale)
    return sx, sy
