import importlib.util
import shutil
from pathlib import Path

import pytest

from api.web import build_assets
from geogrid.errors import UnavailableError


def project(folder: Path) -> Path:
    (folder / "package-lock.json").write_text("{}")
    return folder


def test_without_npm_the_message_names_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match=r"npm is missing\. Install it: apt-get install npm, or pip install"):
        build_assets.build(project(tmp_path), tmp_path / "vendor")


def test_a_package_without_an_expected_file_leaves_the_old_assets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(build_assets, "_install", lambda _: None)
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "old.js").write_text("old")
    with pytest.raises(UnavailableError, match=r"hold no file leaflet/dist/leaflet\.js.*package\.json"):
        build_assets.build(project(tmp_path), vendor)
    assert (vendor / "old.js").read_text() == "old"


def test_assets_of_the_same_lock_are_not_built_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built = []
    monkeypatch.setattr(build_assets, "_install", lambda _: built.append("install"))
    monkeypatch.setattr(build_assets, "_copy", lambda _, fresh: fresh.mkdir(parents=True))
    monkeypatch.setattr(build_assets, "_write_derived", lambda *_: None)
    root, vendor = project(tmp_path), tmp_path / "vendor"
    assert build_assets.build(root, vendor)
    assert not build_assets.build(root, vendor)
    (root / "package-lock.json").write_text('{"packages": {}}')
    assert build_assets.build(root, vendor)
    assert built == ["install", "install"]


def test_no_source_map_is_asked_for_by_what_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "leaflet/dist/images").mkdir(parents=True)
    (tmp_path / "leaflet/dist/leaflet.js").write_text("code();\n//# sourceMappingURL=leaflet.js.map\n")
    with pytest.raises(UnavailableError):
        build_assets._copy(tmp_path, tmp_path / "out")
    assert (tmp_path / "out/leaflet/leaflet.js").read_text() == "code();\n"
