"""The compiler of the index's inner loops."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

Array = NDArray[Any]
"""An array inside a kernel, where the compiler infers the types."""

_KEEP_IN_ALL_CACHES: Final = 3

ZERO: Final[Any] = np.int64(0)
"""Where a count begins that is passed on: for a plain 0, the compiler would make a copy of what takes it."""


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


def _prefetch(_: Any, array: Any, _place: Any) -> Any:
    """Ask the processor for the memory of an element of an array of one dimension, without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        pointer = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], kind)
        builder.call(function, [pointer, number(0), number(_KEEP_IN_ALL_CACHES), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


prefetch: Any = intrinsic(_prefetch)
"""`prefetch(array, place)` inside a kernel."""


def locked(array: Array) -> Array:
    """Return a read-only, contiguous view: one array type for built, mapped and given data, so one compilation."""
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view
