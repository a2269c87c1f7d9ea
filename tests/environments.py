"""Environments of their own for programs whose packages do not go together with ours; made once, then kept."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

_KEPT = Path(__file__).resolve().parents[1] / ".stamps" / "environments"


def environment(name: str, *packages: str) -> Path:
    """Return the interpreter of an environment with these packages, made where there is none yet.

    Parameters
    ----------
    name : str
        Of its folder.
    *packages : str
        Requirements, as pip writes them.
    """
    digest = hashlib.sha256(repr((packages, sys.version_info[:2])).encode()).hexdigest()[:12]
    folder = _KEPT / f"{name}-{digest}"
    interpreter = folder / "bin" / "python"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes would both make it
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            uv = Path(sys.executable).with_name("uv")
            variables = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
            for command in (
                ["venv", "--quiet", "--python", sys.executable, str(folder)],
                ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(interpreter), *packages],
            ):
                subprocess.run([uv, *command], check=True, env=variables)
            (folder / "whole").touch()
    return interpreter
