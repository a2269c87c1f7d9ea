# ruff: noqa: T201 - a program that prints its table
"""Coverage with branches, summed by room: ``python -m tests.coverage_rooms FILE`` after ``pytest --cov``.

The tracer of Python 3.11 makes a test take 1.54 times its processor time (tests/unit), so CI measures these only, and
`make coverage` does all. Compiled loops and programs that tests start are not seen.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path


def table(files: dict[str, dict[str, int]]) -> Iterator[str]:
    """Yield a line a room and a layer: statements, branches, and the share of both that ran.

    Parameters
    ----------
    files : mapping of path to counts
        As coverage's JSON report has them.
    """
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for path, counts in files.items():
        layer, *rooms = Path(path).parts[:-1]
        missed = counts["missing_lines"] + counts["missing_branches"]
        for name in {layer, "/".join([layer, *rooms[:1]]), "together"}:
            for place, value in enumerate((counts["num_statements"], counts["num_branches"], missed)):
                sums[name][place] += value
    yield f"{'room':<26}{'statements':>11}{'branches':>10}{'ran':>8}"
    for name in sorted(sums, key=lambda each: (each == "together", each)):
        statements, branches, missed = sums[name]
        share = 1 - missed / max(statements + branches, 1)
        yield f"{name:<26}{statements:>11,}{branches:>10,}{share:>8.1%}"


if __name__ == "__main__":
    files = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]
    print(*table({name: counts["summary"] for name, counts in files.items()}), sep="\n")
