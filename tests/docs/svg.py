"""Maps as SVG: a few layers of shapes, small enough to be read as text and the same on every machine."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

import numpy as np
import shapely

from geogrid.types import GeometryArray

_DECIMALS = 1


@dataclass(slots=True)
class Panel:
    """A map in a picture.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east and north of what is shown, metres.
    left, top, width : float
        Where it stands, pixels; the height follows.
    """

    bounds: tuple[float, float, float, float]
    left: float
    top: float
    width: float
    parts: list[str] = field(default_factory=list)

    @property
    def height(self) -> float:
        """Pixels."""
        west, south, east, north = self.bounds
        return self.width * (north - south) / (east - west)

    def draw(self, shapes: GeometryArray, **style: object) -> None:
        """Add shapes as one path of a style, e.g. ``fill="#fff"``; underscores stand for hyphens."""
        seen = shapely.intersects(shapely.box(*self.bounds), shapes)
        path = "".join(self._path(shape) for shape in shapes[seen])
        if path:
            self.parts.append(f'<path d="{path}" {_attributes(style)}/>')

    def write(self, places: Iterable[shapely.Point], texts: Iterable[str], **style: object) -> None:
        """Add texts centred on places."""
        for place, text in zip(places, texts, strict=True):
            (x, y), *_ = self._pixels(np.array([[place.x, place.y]]))
            self.parts.append(f'<text x="{x:g}" y="{y:g}" {_attributes(style)}>{escape(text)}</text>')

    def text(self) -> str:
        """Return the panel, clipped to its frame."""
        name = f"clip-{self.left:g}-{self.top:g}"
        frame = f'x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" height="{self.height:.1f}"'
        clip = f'<clipPath id="{name}"><rect {frame} rx="6"/></clipPath>'
        return f'{clip}<g clip-path="url(#{name})">{"".join(self.parts)}</g>'

    def _path(self, shape: shapely.Geometry) -> str:
        parts = shapely.get_parts(shape)
        rings = shapely.get_rings(parts) if shapely.get_dimensions(shape) == 2 else parts
        return "".join(self._line(shapely.get_coordinates(ring), closed=bool(shapely.is_ring(ring))) for ring in rings)

    def _line(self, xy: np.ndarray, *, closed: bool) -> str:
        pixels = self._pixels(xy[:-1] if closed else xy)
        return "M" + "L".join(f"{x:g},{y:g}" for x, y in pixels) + ("Z" if closed else "")

    def _pixels(self, xy: np.ndarray) -> np.ndarray:
        west, _, east, north = self.bounds
        scale = self.width / (east - west)
        x = self.left + (xy[:, 0] - west) * scale
        y = self.top + (north - xy[:, 1]) * scale
        return np.round(np.column_stack([x, y]), _DECIMALS)


def picture(width: float, height: float, parts: Iterable[str], *, title: str, definitions: str = "") -> str:
    """Return a whole SVG file with a description for readers who do not see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" font-family="Helvetica, Arial, sans-serif">\n<title>{escape(title)}</title>\n'
        f'<defs>{definitions}</defs>\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def label(x: float, y: float, text: str, **style: object) -> str:
    """Return a text at pixels."""
    return f'<text x="{x:g}" y="{y:g}" {_attributes(style)}>{escape(text)}</text>'


def _attributes(style: dict[str, object]) -> str:
    return " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in style.items())
