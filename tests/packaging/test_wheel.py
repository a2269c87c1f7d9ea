import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT], check=True, timeout=120)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_wheel_owns_exactly_three_names(wheel: zipfile.ZipFile) -> None:
    owned = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    assert owned == {"geogrid", "boundaries", "api"}


def test_wheel_carries_what_is_read_at_run_time(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert "boundaries/store/migrations/versions/0001_first_schema.py" in names
    assert "boundaries/store/sql/immutable.sql" in names
    assert any(name.startswith("api/web/vendor/leaflet/") for name in names)
    assert {"api/web/static/embed_card.mjs", "geogrid/maps/scripts/map.mjs"} <= set(names)
    assert any(name.startswith("api/web/templates/") for name in names)


def test_lock_pins_every_package_by_hash_and_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = [pin.split() for pin in lock.replace("\\\n", " ").splitlines()]
    assert len(pins) > 200
    assert all(name.count("==") == 1 for name, *_ in pins)
    unproved = [name for name, *hashes in pins if not any(each.startswith("--hash=sha256:") for each in hashes)]
    assert unproved == []
    assert "://" not in lock
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_command_line_starts_without_the_heavy_libraries() -> None:
    probe = (
        "import sys, api.cli; from click.testing import CliRunner; "
        "assert CliRunner().invoke(api.cli.main, ['--help']).exit_code == 0; "
        "print([name for name in ('numpy', 'pandas', 'sqlalchemy', 'fastapi', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
