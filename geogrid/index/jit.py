"""The compiler of the index's inner loops."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

Array = NDArray[Any]
"""An array inside a kernel, where the compiler infers the types."""


def kernel(function: Function) -> Function:
    """Compile a function to machine code on first call, without the interpreter's lock, and keep the code.

    The code is kept beside the source or, where that is read-only, in the user's cache folder. Where
    neither can be written the function still works, and compiles anew in each process.
    No relaxed floating point: the orientation test relies on every rounding.
    """
    compiled: Any
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # numba's "cannot cache function: no locator available"
        compiled = numba.njit(nogil=True, error_model="numpy")(function)
    return cast("Function", compiled)


def inner(function: Function) -> Function:
    """Compile a function that only kernels call: what Python would need to call it takes time to compile."""
    njit: Any = numba.njit  # it takes more options than its types know
    compiled = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return cast("Function", compiled)


def locked(array: Array) -> Array:
    """Return a read-only, contiguous view: one array type for built, mapped and given data, so one compilation."""
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view
