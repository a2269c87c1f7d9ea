"""Compiled code on disk that is never stale.

numba keeps the code of a kernel as long as the kernel's own file is unchanged. But a kernel holds the code of the
functions that it calls, too, and the constants that it reads, of whatever module they are. So what is kept here carries
a stamp: a digest of the sources of the kernel's module and of all modules of the same package that this one imports,
directly or not, with the versions of the compilers. Under another stamp nothing is there for the reader: the kernel is
compiled, and what was there is written over. One set of files a kernel, for good: nothing piles up, and nothing needs
to be removed. The processor is part of numba's own key.

Where the files lie is left to numba: beside the source or, where that is read-only, in the user's cache folder, or
wherever ``NUMBA_CACHE_DIR`` says. Sources are read through the loader that imported them. So this room touches no file
system by itself. Sources are read when a module is imported, not when a kernel is first called: a file that is edited
in between must not lend its stamp to the code of before.

Compiled code is not shipped in the wheel: it fits one processor, one Python and one numba.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from typing import Any

import llvmlite
import numba
from numba.core.caching import Cache, CompileResultCacheImpl, IndexDataCacheFile


@cache
def sources_stamp(module: str) -> str:
    """Return a digest of all sources that decide what a function of a module does.

    Parameters
    ----------
    module : str
        Full name of a module that is being imported, or has been.

    Raises
    ------
    LookupError
        The module, or one that it imports, has no source: it was typed in, or is a script that runs.
    """
    closure = {module}
    pending = [module]
    while pending:
        reached = [name for name in _imported(pending.pop()) if name not in closure]
        closure.update(reached)
        pending += reached
    digest = sha256(f"numba {numba.__version__} llvmlite {llvmlite.__version__}".encode())
    for name in sorted(closure):
        digest.update(f"\0{name}\0{_source(name)}".encode())
    return digest.hexdigest()


@cache
def _source(module: str) -> str:
    spec = sys.modules[module].__spec__
    get_source: Callable[[str], str | None] | None = getattr(spec and spec.loader, "get_source", None)
    # A script that runs is not what its loader is for: `__main__`.
    text = get_source(module) if get_source and spec and spec.name == module else None
    if text is None:
        raise LookupError(f"Module {module} has no source.")
    return text


@cache
def _imported(module: str) -> tuple[str, ...]:
    """Return the modules of the same package, and of this one, that are imported at the top of a module."""
    packages = {module.partition(".")[0], __name__.partition(".")[0]}
    return tuple(
        name
        for name in _named_by_imports(ast.parse(_source(module)))
        if name.partition(".")[0] in packages and name in sys.modules
    )


def _named_by_imports(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            yield statement.module
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


class _StampedCode(CompileResultCacheImpl):
    """Compiled code with the stamp of its sources, under a name that stays when lines move."""

    stamp = ""

    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        return f"{fullname}.py{sys.version_info.major}{sys.version_info.minor}{abiflags}"

    def reduce(self, data: Any) -> Any:
        return self.stamp, super().reduce(data)  # type: ignore[no-untyped-call] # as is all of numba

    def rebuild(self, target_context: Any, reduced_data: Any) -> Any:
        """Return the code, or None where a process with other sources has just written over it."""
        stamp, code = reduced_data
        if stamp != self.stamp:
            return None
        return super().rebuild(target_context, code)  # type: ignore[no-untyped-call]


class _StampedFiles(IndexDataCacheFile):
    """The files of a kernel; the stamp is part of the version, which is read before anything that may be gone by now.

    The rest of an index names the classes of what the kernel was given. One that was renamed could not be read.
    """

    def __init__(self, path: str, base: str, stamp: str) -> None:
        super().__init__(path, base, stamp)  # type: ignore[no-untyped-call]
        self._version = f"{self._version} {stamp}"


class KernelCache(Cache):
    """What is kept of one kernel.

    Raises
    ------
    LookupError
        The sources cannot be read.
    RuntimeError
        There is no folder that can be written.
    """

    _impl_class = _StampedCode  # type: ignore[assignment]

    def __init__(self, function: Callable[..., Any]) -> None:
        stamp = sources_stamp(function.__module__)
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._impl.stamp = stamp
        self._cache_file = _StampedFiles(self._cache_path, self._impl.filename_base, stamp)
