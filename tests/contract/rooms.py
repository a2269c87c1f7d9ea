"""The rooms of the three layers as they stand in the tree: each folder with the first sentence of its package.

After a folder came or went: python -m tests.contract.rooms
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "architecture.md"
LAYERS: Final = ("geogrid", "boundaries", "api")
BEGIN: Final = "<!-- rooms: written by python -m tests.contract.rooms -->\n```\n"
END: Final = "```\n<!-- /rooms -->"
# Folders that hold no Python of ours.
PLAIN: Final = {
    "boundaries/store/migrations/versions": "One script a change of the tables, in order.",
    "boundaries/store/sql": "Triggers: editions never change, the feed is numbered and the audit sealed at commit.",
    "geogrid/maps/scripts": "Scripts of the maps, joined into one when a page is made.",
    "api/web/static": "Scripts and styles of the pages.",
    "api/web/static/workbench": "The planner's workbench: modules without a page, one for the map, one for the server.",
    "api/web/static/workbench/drawing": "What the workbench draws: cells in sight, triangles, outlines, names.",
    "api/web/static/workbench/panels": "Parts of the workbench's page: tree, figures, table, problems, dialogs.",
    "api/web/static/plans": "Scripts and styles of the pages of plans.",
    "api/web/templates": "Pages as Jinja templates.",
    "api/web/templates/accounts": "Pages about accounts and the audit, and who is signed in.",
    "api/web/templates/plans": "Pages of plans: the list, one, publishing, comparing.",
}
_BUILT: Final = frozenset({"__pycache__", "vendor"})
_WIDTH: Final = 28


def folders() -> Iterator[Path]:
    """Return every folder of the three layers, parents before children."""
    for layer in LAYERS:
        yield from _below(ROOT / layer)


def _below(folder: Path) -> Iterator[Path]:
    yield folder
    for child in sorted(folder.iterdir()):
        if child.is_dir() and child.name not in _BUILT and any(child.rglob("*.*")):
            yield from _below(child)


def sentence_of(folder: Path) -> str:
    """Return what a folder says of itself.

    Raises
    ------
    FileNotFoundError
        It is no package, and `PLAIN` does not name it.
    """
    name = folder.relative_to(ROOT).as_posix()
    if name in PLAIN:
        return PLAIN[name]
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    return (text or "").partition("\n")[0].replace("``", "")


def picture() -> str:
    """Return the tree of folders, a line each."""
    lines = []
    for folder in folders():
        depth = len(folder.relative_to(ROOT).parts) - 1
        lines.append(f"{'  ' * depth + folder.name + '/':<{_WIDTH}} {sentence_of(folder)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + picture() + END + after, encoding="utf-8")
