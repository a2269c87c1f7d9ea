"""The house stays one that can be walked: rooms named on the architecture page, and small."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.contract.rooms import BEGIN, END, LAYERS, PAGE, ROOT, folders, picture

ROOMS_A_LAYER = 24
FILES_A_ROOM = 20
LINES_A_MODULE = 350
LINES_A_FUNCTION = 60
SCRIPTS = {".py", ".js", ".mjs", ".ts"}


def modules() -> Iterator[Path]:
    for folder in folders():
        yield from (file for file in folder.iterdir() if file.suffix in SCRIPTS and folder.name != "versions")


def test_architecture_page_names_each_folder_once_with_its_sentence() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(BEGIN) == 1
    assert page.partition(BEGIN)[2].partition(END)[0] == picture()


def test_each_layer_has_few_rooms() -> None:
    rooms = {layer: [path for path in folders() if path.parent == ROOT / layer] for layer in LAYERS}
    assert {layer: len(found) for layer, found in rooms.items() if len(found) > ROOMS_A_LAYER} == {}


def test_no_room_holds_many_files() -> None:
    many = {str(folder.relative_to(ROOT)): sum(path.is_file() for path in folder.iterdir()) for folder in folders()}
    # Migrations are kept as they were run, one after the other.
    many.pop("boundaries/store/migrations/versions")
    assert {name: count for name, count in many.items() if count > FILES_A_ROOM} == {}


def test_no_module_is_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: length for name, length in lengths.items() if length > LINES_A_MODULE} == {}


def test_no_function_is_long() -> None:
    long = {}
    for path in modules():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                    length = node.end_lineno - node.lineno + 1
                    if length > LINES_A_FUNCTION:
                        long[f"{path.relative_to(ROOT)}:{node.name}"] = length
    assert long == {}


def test_a_class_name_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for path in modules():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
