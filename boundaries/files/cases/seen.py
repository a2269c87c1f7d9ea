"""Rows that an import has seen, on the disk: a file may have more of them than memory holds."""

import sqlite3
from typing import Final

_CACHE_KIB: Final = 32_768


class SeenRows:
    """Identities of the rows of one file.

    Notes
    -----
    A database without a name is a file of its own that goes with its connection; what fits stays in a cache.
    """

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None)
        for statement in (
            f"pragma cache_size = -{_CACHE_KIB}",
            "pragma journal_mode = off",
            "pragma synchronous = off",
            "create table seen (key text primary key, digest text) without rowid",
            "begin",
        ):
            self._store.execute(statement)

    def key_of(self, number: str, digest: str) -> str | None:
        """Return the identity of a row within its source, None for a row that an earlier one equals.

        A number names one case. Where rows of one number differ, each is kept: the first has the number as its
        identity, the others the number and their content.
        """
        key = number or digest
        if self._is_new(key, digest):
            return key
        (first,) = self._store.execute("select digest from seen where key = ?", (key,)).fetchone()
        further = f"{number}~{digest}"
        return further if first != digest and self._is_new(further, digest) else None

    def close(self) -> None:
        """Remove what was kept."""
        self._store.close()

    def _is_new(self, key: str, digest: str) -> bool:
        return self._store.execute("insert or ignore into seen values (?, ?)", (key, digest)).rowcount > 0
