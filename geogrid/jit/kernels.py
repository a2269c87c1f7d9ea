"""The compiler of inner loops."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.event import Listener, install_listener
from numba.extending import intrinsic
from numpy.typing import NDArray

from geogrid.jit.cache import KernelCache

Function = TypeVar("Function", bound=Callable[..., Any])

Array = NDArray[Any]
"""An array inside a kernel, where the compiler infers the types."""

_KEEP_IN_ALL_CACHES: Final = 3

ZERO: Final[Any] = np.int64(0)
"""Where a count begins that is passed on: for a plain 0, the compiler would make a copy of what takes it."""


def kernel(function: Function) -> Function:
    """Compile a function to machine code on first call, without the interpreter's lock, and keep the code.

    See `geogrid.jit.cache` for where, and for how long. Where it cannot be kept the function still works, and compiles
    anew in each process. No relaxed floating point: the orientation test relies on every rounding.
    """
    compiled: Any = _compiled(function)
    with suppress(LookupError, RuntimeError):
        compiled._cache = KernelCache(function)  # noqa: SLF001 - numba takes no cache but its own otherwise
    return cast("Function", compiled)


@contextmanager
def on_compilation(announce: Callable[[], None]) -> Iterator[None]:
    """Call a function at the start of each compilation; not where the code is there already."""
    with install_listener("numba:compile", _Announcer(announce)):
        yield


class _Announcer(Listener):
    def __init__(self, announce: Callable[[], None]) -> None:
        self._announce = announce

    def on_start(self, event: Any) -> None:
        del event
        self._announce()

    def on_end(self, event: Any) -> None:
        """Do nothing: numba asks for it."""


def inner(function: Function) -> Function:
    """Compile a function that only kernels call: what Python would need to call it takes time to compile."""
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def borrowing(function: Function) -> Function:
    """Compile an inner function that makes no array, and calls none that returns one.

    Its callers keep the arrays, so it need not count who uses them: two atomic operations for each array that it
    takes out of a tuple, a third of the time of small functions.
    """
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


def _compiled(function: Function, *, _nrt: bool = True, **options: bool) -> Function:
    """Compile; what is not said here would be taken over from the function that calls this one."""
    njit: Any = numba.njit  # it takes more options than its types know
    return cast("Function", njit(nogil=True, error_model="numpy", _nrt=_nrt, **options)(function))


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
