"""The styles and scripts of this folder as they stand inside a page, which has to work as a single file."""

import re
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.mjs)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?function|const|let|class)", re.MULTILINE)


def library(styles: Sequence[str], script: str = "") -> str:
    """Return styles and a script with all that it imports, for the head of a page.

    Parameters
    ----------
    styles : sequence of str
        Names of style sheets, in their order.
    script : str
        Name of the module to run, e.g. ``"map.mjs"``; empty for none.
    """
    here = files("geogrid.maps")
    style = "".join(here.joinpath(name).read_text("utf-8") for name in styles)
    run = f"\n<script>\n{joined_script(script)}</script>" if script else ""
    return f"<style>\n{style}</style>{run}"


def joined_script(entry: str) -> str:
    """Return a module and what it imports as one classic script with one scope of its own.

    Every module stands once, after those that it imports. The names at the top of the modules share that scope, so
    no two may be the same; imports name their parts as they are, by ``import { part } from "./module.mjs"``.

    Parameters
    ----------
    entry : str
        Name of a module in ``scripts``.
    """
    modules: dict[str, str] = {}
    _collect(files("geogrid.maps").joinpath("scripts"), entry, modules, set())
    return f'(() => {{\n"use strict";\n{"".join(modules.values())}}})();\n'


def _collect(folder: Traversable, name: str, modules: dict[str, str], visited: set[str]) -> None:
    if name in visited:
        return
    visited.add(name)
    text = folder.joinpath(name).read_text("utf-8")
    for imported in _IMPORT.findall(text):
        _collect(folder, imported, modules, visited)
    modules[name] = _EXPORT.sub("", _IMPORT.sub("", text))
