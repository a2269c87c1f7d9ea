# ruff: noqa: T201 - a program that prints its tables
"""``make bench``: every benchmark in a process of its own, one after the other."""

import subprocess
import sys
from pathlib import Path

_NOT_BENCHMARKS = {
    "__main__",
    "address_chain",
    "address_memory",
    "coverages",
    "partition_peers",
    "peers",
    "stores",
    "train_address_elements",
}


def main() -> int:
    """Run each benchmark; return 1 if one failed, after all have run."""
    names = sorted({path.stem for path in Path(__file__).parent.glob("*.py")} - _NOT_BENCHMARKS)
    failed = []
    for name in names:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
