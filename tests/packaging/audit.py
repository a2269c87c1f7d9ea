# ruff: noqa: T201 - a program that prints what it found
"""What is installed, as a list for others (CycloneDX), and which of it has faults that are known.

Run: make audit. The list goes to artifacts/sbom.json, that of the browser's packages to artifacts/sbom-browser.json.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from geogrid.wording import counted

_BIN: Final = Path(sys.executable).parent
_ROOT: Final = Path(__file__).resolve().parents[2]
ARTIFACTS: Final = _ROOT / "artifacts"


def main() -> int:
    """Write both lists, print the known faults, and return 1 if there is one."""
    ARTIFACTS.mkdir(exist_ok=True)
    write_lists(ARTIFACTS)
    asked = subprocess.run(
        [
            *(_BIN / "pip-audit", "--requirement", _ROOT / "requirements.lock"),
            *("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"),
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    sentence, status = verdict(asked.stdout, asked.stderr)
    print(sentence)
    return status


def write_lists(folder: Path) -> None:
    """Write what is installed as CycloneDX, for Python and for the browser."""
    python = [_BIN / "cyclonedx-py", "environment", "--output-reproducible", "--pyproject", _ROOT / "pyproject.toml"]
    subprocess.run([*python, "--output-file", folder / "sbom.json", sys.executable], check=True, capture_output=True)
    browser = ["npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx", "--omit", "dev"]
    listed = subprocess.run(browser, cwd=_ROOT, check=True, capture_output=True, encoding="utf-8").stdout
    (folder / "sbom-browser.json").write_text(listed, encoding="utf-8")
    for name in ("sbom.json", "sbom-browser.json"):
        count = len(json.loads((folder / name).read_text("utf-8"))["components"])
        print(f"{count:,} components are listed in artifacts/{name}.")


def verdict(listed: str, errors: str) -> tuple[str, int]:
    """Return what a run of pip-audit came to as sentences, and the exit status.

    Parameters
    ----------
    listed, errors : str
        Its output as JSON, and what it said besides.
    """
    try:
        packages: Sequence[Mapping[str, Any]] = json.loads(listed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return f"No database of faults could be asked: {errors.strip().rpartition(chr(10))[2][:300]}", 0
    asked = [each for each in packages if "vulns" in each]
    if not asked:
        of_all = counted(len(packages), "package")
        return f"No database of faults knows any of the {of_all} from here: nothing was audited.", 0
    faulty = [each for each in asked if each["vulns"]]
    lines = [
        f"{each['name']} {each['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'no version'}"
        for each in faulty
        for fault in each["vulns"]
    ]
    left = len(packages) - len(asked)
    unknown = f"; {left:,} could not be asked about" if left else ""
    lines.append(f"{counted(len(asked), 'package')} asked about, {len(faulty):,} with known faults{unknown}.")
    return "\n".join(lines), int(bool(faulty))


if __name__ == "__main__":
    sys.exit(main())
