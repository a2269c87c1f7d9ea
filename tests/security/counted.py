"""How many inputs the attacks of this folder have, by kind: the table of docs/security.md.

Run: python -m tests.security.counted
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.contract.interface import OPENAPI
from tests.security.forbidden_machines import SPELLED, forbidden
from tests.security.hostile_files import BODIES as DOCUMENTS
from tests.security.hostile_files import BOMBS, LEADS, PACKINGS, PARTS, Lure, ways_away
from tests.security.hostile_texts import FORMULAS, SCRIPTS, STATEMENTS

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- counted -->", "<!-- /counted -->"
SENDERS: Final = ("webhook", "provider", "nominatim", "photon", "pelias", "tianditu", "amap", "baidu")
METHODS: Final = ("get", "post", "put", "patch", "delete")

BODIES: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    (
        "post",
        "/cases",
        {
            "lon": 10.5, "lat": 50.5, "coord_type": "wgs84", "error_m": 5, "address": "x", "within": "D", "text": "x",
            "channel": "x", "category": "x", "reported_at": "2026-02-01T00:00:00Z", "external_id": "x",
            "attributes": {}, "reporter": {"name": "x", "telephone": "x", "email": "x", "identity_number": "x"},
        },
    ),
    ("post", "/cases/by-number", {"telephone": "x", "email": "x", "identity_number": "x", "reason": "x"}),
    ("post", "/geocode", {"addresses": ["x"]}),
    ("post", "/locate", {"points": [{"id": "x", "lon": 10.5, "lat": 50.5}]}),
    ("post", "/plans", {"name": "x", "based_on": 1, "code_profile": "x", "load": "x", "reason": "x", "by": "x"}),
    ("post", "/plans/{draft}/edits", {"operations": [{"kind": "rename", "names": {"D-a": "x"}}], "reason": "x"}),
    ("post", "/plans/{draft}/undo", {"reason": "x", "by": "x"}),
    ("post", "/plans/{draft}/redo", {"reason": "x", "by": "x"}),
    ("post", "/plans/{draft}/acceptances", {"kind": "x", "subject": "x", "reason": "x"}),
    ("post", "/plans/{draft}/rebase", {"keep": ["x"], "reason": "x"}),
    ("post", "/plans/{draft}/review", {"state": "x", "reason": "x"}),
    ("post", "/plans/{draft}/publish", {"valid_from": "x", "valid_to": "x", "accept": ["x"], "reason": "x"}),
    ("post", "/editions/1/rollback", {"valid_from": "x", "accept": ["x"], "reason": "x"}),
)  # fmt: skip
"""Each member in turn has a text in place of its value."""


@cache
def parameters_of() -> tuple[tuple[str, str, tuple[dict[str, Any], ...]], ...]:
    """Return the parameters of every operation of the HTTP interface."""
    paths = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"]
    return tuple(
        (method, path, (*item.get("parameters", []), *operation.get("parameters", [])))
        for path, item in paths.items()
        for method, operation in item.items()
        if method in METHODS
    )


def headers_of() -> tuple[str, ...]:
    """Return the headers that are read anywhere."""
    return (
        "Accept", "Accept-Language", "Authorization", "Cookie", "If-Match", "If-None-Match", "Origin", "Referer",
        "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Remote-User",
    )  # fmt: skip


def _ways() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return sum(1 for _ in ways_away(Path(folder), Lure(f"{folder}/secret", "http://127.0.0.1:1")))


def _statements() -> int:
    values = sum(len(each) for *_, each in parameters_of()) + sum(len(body) for *_, body in BODIES)
    return len(STATEMENTS) * (values + 5 * len(headers_of()))


COUNTS: Final[Mapping[str, tuple[str, Callable[[], int]]]] = {
    "inner machines by name, alone and beside a right one, by each of 8 senders": (
        "test_requests_of_ours_attacked.py",
        lambda: 2 * len(forbidden()) * len(SENDERS),
    ),
    "inner machines in the description of a provider of sign-ins": (
        "test_requests_of_ours_attacked.py",
        lambda: 2 * len(forbidden()),
    ),
    "hosts in odd spellings (decimal, octal, hexadecimal, short, mapped)": (
        "test_requests_of_ours_attacked.py",
        lambda: 2 * len(SPELLED),
    ),
    "redirects, and names that change their meaning": ("test_requests_of_ours_attacked.py", lambda: 6 * len(SENDERS)),
    "XML that takes in others (KML, GML, GPX, .osm), packed in each way": (
        "test_files_attacked.py",
        lambda: len(DOCUMENTS) * len(LEADS) * len(PACKINGS),
    ),
    "workbooks (XLSX) of which a part takes in others": ("test_files_attacked.py", lambda: len(PARTS) * len(LEADS)),
    "packed files that become gigabytes, or have no end": ("test_files_attacked.py", lambda: len(BOMBS)),
    "paths and files that lead elsewhere through GDAL": ("test_files_attacked.py", _ways),
    "formulas in cells, by each writer of CSV": ("test_cells_attacked.py", lambda: len(FORMULAS)),
    "scripts in every text that a person can write": ("test_pages_attacked.py", lambda: len(SCRIPTS)),
    "SQL in every parameter, member of a body and header": ("test_statements_attacked.py", _statements),
}
"""What is tried, where, and how often."""


def table() -> str:
    """Return the table as it stands on the page."""
    rows = [f"| {what} | `{where}` | {count():,} |" for what, (where, count) in COUNTS.items()]
    return "\n".join(["| inputs | in `tests/security/` | how many |", "|---|---|---|", *rows])


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
