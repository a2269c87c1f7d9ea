"""Folium elements that GeoGrid adds to Folium's own."""

from branca.element import Element, Figure, MacroElement
from folium.map import Layer
from folium.template import Template


class Verbatim(Element):
    """Text that goes to the page as it stands.

    Folium renders what its elements produce a second time as a template, which would evaluate the braces in the
    text of a case.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self.text = text

    def render(self, **_kwargs: object) -> str:
        """Return the text."""
        return self.text


class Insert(MacroElement):
    """Parts for the head, the body and the script of the page of a map.

    Parameters
    ----------
    header, html, script : str
        Finished text; the caller has escaped what is not its own.
    """

    def __init__(self, *, header: str = "", html: str = "", script: str = "") -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Insert"
        self.parts = {"header": header, "html": html, "script": script}

    def render(self, **_kwargs: object) -> str:
        """Add the parts to the figure; nothing stays for the place of the element itself."""
        figure = self.get_root()
        if not isinstance(figure, Figure):
            raise TypeError("An Insert is rendered only as a part of a map.")
        for place, text in self.parts.items():
            if text:
                getattr(figure, place).add_child(Verbatim(text), name=self.get_name())
        return ""


class ScriptLayer(Layer):
    """A layer that a function of the page script makes from the data of the page.

    Parameters
    ----------
    maker : str
        Name of the function, e.g. ``"streets"``.
    name : str
        Name in the layer control, safe in HTML.
    show : bool
        Whether the layer is there at the start.
    overlay : bool
        Whether it can be switched by itself; else it is one of several that exclude each other.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}var {{ this.get_name() }} = geogrid.{{ this.maker }}();{% endmacro %}"
    )

    def __init__(self, maker: str, *, name: str, show: bool = True, overlay: bool = True) -> None:
        super().__init__(name=name, overlay=overlay, control=True, show=show)
        self._name = "ScriptLayer"
        self.maker = maker
