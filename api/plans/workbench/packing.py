"""Columns as bytes that a browser reads without copying: a head in JSON, then typed arrays."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson

COLUMNS: Final = "application/vnd.geogrid.columns"
"""Media type."""

_MAGIC: Final = b"GGC1"
_STEP: Final = 8
_TYPES: Final = {"i4": "Int32", "u4": "Uint32", "f8": "Float64", "i8": "BigInt64"}


def packed_columns(head: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    """Return a head and arrays as bytes.

    Four letters, the length of the head as a little-endian uint32, the head, then each array at a multiple of 8 bytes,
    little-endian. `columns` of the head says name, type, number of values and place of each, from the start.

    Parameters
    ----------
    head : mapping
        As JSON.
    arrays : mapping of str to ndarray
        int32, uint32, int64 or float64; of any shape, row by row.
    """
    parts, places = [], []
    reach = 0
    for name, array in arrays.items():
        flat = np.ascontiguousarray(array).reshape(-1)
        kind = f"{flat.dtype.kind}{flat.dtype.itemsize}"
        content = flat.astype(f"<{kind}", copy=False).tobytes()
        places.append({"name": name, "type": _TYPES[kind], "length": len(flat), "at": reach})
        padding = -len(content) % _STEP
        parts.append(content + bytes(padding))
        reach += len(content) + padding
    text = orjson.dumps({**head, "columns": places})
    text += b" " * (-(len(text) + _STEP) % _STEP)
    return b"".join([_MAGIC, len(text).to_bytes(4, "little"), text, *parts])
