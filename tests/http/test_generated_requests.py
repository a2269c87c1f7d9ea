"""Requests that schemathesis makes from the description: no fault of ours, no status or body that is not described."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.http.ogc_town import Running

pytestmark = pytest.mark.timeout(600)

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def generate(town: Running, folder: Path, *options: str) -> int:
    """Make requests; return how many there were, or fail with what was found."""
    command = [SCHEMATHESIS, "run", f"{town.address}/api", "--checks", CHECKS, "--phases", "fuzzing", "--seed", "1"]
    more = ["--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "120"]
    done = subprocess.run([*command, *more, *options], cwd=folder, capture_output=True, text=True, check=False)
    made = re.search(r"([\d,]+) generated", done.stdout)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert made is not None, done.stdout
    return int(made[1].replace(",", ""))


def test_requests_to_collections_are_answered_as_described(ogc_town: Running, tmp_path: Path) -> None:
    made = generate(ogc_town, tmp_path, "--include-path-regex", "^/collections/(grids|cases|coverage-gaps)", "-n", "6")
    assert made >= 60


@pytest.mark.long
@pytest.mark.timeout(5_400)
def test_ten_thousand_requests_to_the_whole_interface(ogc_town: Running, tmp_path: Path) -> None:
    # The stream of a plan goes on for minutes.
    made = generate(ogc_town, tmp_path, "-n", "120", "--workers", "2", "--exclude-path-regex", "/events$")
    assert made >= 10_000
