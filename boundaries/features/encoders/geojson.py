"""GeoJSON from the texts of features: one collection, or a sequence of texts (RFC 8142)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

_RECORD_SEPARATOR: Final = b"\x1e"


def collection(head: Mapping[str, Any], batches: Iterable[list[bytes]]) -> Iterator[bytes]:
    """Yield a feature collection.

    Parameters
    ----------
    head : mapping
        Members before the features.
    batches : iterable of list of bytes
        Texts of features.
    """
    yield orjson.dumps({"type": "FeatureCollection", **head})[:-1] + b',"features":['
    separator = b""
    for batch in batches:
        if batch:
            yield separator + b",".join(batch)
            separator = b","
    yield b"]}"


def sequence(batches: Iterable[list[bytes]]) -> Iterator[bytes]:
    """Yield features one after the other, each led by a record separator, as RFC 8142 writes them."""
    for batch in batches:
        yield b"".join(_RECORD_SEPARATOR + feature + b"\n" for feature in batch)
