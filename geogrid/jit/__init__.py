"""Inner loops at machine speed: how they are compiled, and how the compiled code is kept."""

from geogrid.jit.kernels import ZERO, Array, borrowing, inner, kernel, locked, on_compilation, prefetch

__all__ = ["ZERO", "Array", "borrowing", "inner", "kernel", "locked", "on_compilation", "prefetch"]
