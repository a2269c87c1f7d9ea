"""On which side of a line a point is, exactly: floating point where it can decide, integers where it cannot.

References
----------
Shewchuk, J. R. (1997). Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates.
Dekker, T. J. (1971). A floating-point technique for extending the available precision.
"""

import math

import numpy as np

from geogrid.jit import Array, borrowing, inner, kernel

# Shewchuk's bound (3 + 16 u) u, u = 2**-53, and an absolute part for products that underflow.
_RELATIVE_BOUND = 3.3306690738754716e-16
_ABSOLUTE_BOUND = 1e-290
_SPLITTER = 134217729.0  # 2**27 + 1
_SAFE_SMALL, _SAFE_LARGE = 1e-120, 1e120

# A sum of products of two doubles as one integer: exponents from 2**-2254 to 2**2048, 32 bits a limb.
_LIMBS = 140
_LOWEST_EXPONENT = -2300
_LIMB_BITS = 32
_LIMB_MASK = (1 << _LIMB_BITS) - 1
_HALF_BITS = 26
_HALF_MASK = (1 << _HALF_BITS) - 1
_MANTISSA_BITS = 53
_MANTISSA_SCALE = 9007199254740992.0  # 2**53


@kernel
def orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return 1 where p is left of the line from a to b, -1 right, 0 on it: the sign of exact arithmetic."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    determinant = left - right
    bound = _RELATIVE_BOUND * (abs(left) + abs(right)) + _ABSOLUTE_BOUND
    side = int(determinant > bound) - int(determinant < -bound)
    if side == 0:  # kept apart from the comparison, which needs no branch
        side = orientation_beyond_floats(ax, ay, bx, by, px, py)
    return side


@borrowing
def orientation_beyond_floats(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return the same where rounding hides the answer: by exact products, else by integers."""
    if (ax == px and ay == py) or (bx == px and by == py):
        return 0
    p, q, r, s = ax - px, by - py, ay - py, bx - px
    exact = (
        _difference_tail(ax, px, p) == 0.0
        and _difference_tail(by, py, q) == 0.0
        and _difference_tail(ay, py, r) == 0.0
        and _difference_tail(bx, px, s) == 0.0
    )
    if exact and _is_safe(p) and _is_safe(q) and _is_safe(r) and _is_safe(s):
        left, right = p * q, r * s
        if left == right:
            left, right = _product_tail(p, q, left), _product_tail(r, s, right)
        return (left > right) - (left < right)
    return _orientation_by_integers(ax, ay, bx, by, px, py)


@borrowing
def _is_safe(value: float) -> bool:
    size = abs(value)
    return size == 0.0 or _SAFE_SMALL < size < _SAFE_LARGE


@borrowing
def _difference_tail(a: float, b: float, difference: float) -> float:
    """Return what `a - b` lost by rounding (Shewchuk's Two-Diff)."""
    virtual_b = a - difference
    virtual_a = difference + virtual_b
    return (a - virtual_a) + (virtual_b - b)


@borrowing
def _product_tail(a: float, b: float, product: float) -> float:
    """Return what `a * b` lost by rounding (Dekker's product)."""
    split = _SPLITTER * a
    a_high = split - (split - a)
    a_low = a - a_high
    split = _SPLITTER * b
    b_high = split - (split - b)
    b_low = b - b_high
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@inner
def _orientation_by_integers(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return the sign of the expanded determinant, summed without rounding: right for any finite doubles."""
    limbs = np.zeros(_LIMBS, np.int64)
    for first, second in ((ax, by), (ax, -py), (-px, by), (-ay, bx), (ay, px), (py, bx)):
        _add_product(limbs, first, second)
    carry = np.int64(0)
    nonzero = False
    for i in range(_LIMBS):
        value = limbs[i] + carry
        carry = value >> _LIMB_BITS
        nonzero |= (value & _LIMB_MASK) != 0
    if carry < 0:
        return -1
    return 1 if nonzero or carry > 0 else 0


@borrowing
def _add_product(limbs: Array, a: float, b: float) -> None:
    """Add a product of two doubles, in pieces of half a mantissa each."""
    if a == 0.0 or b == 0.0:
        return
    a_fraction, a_exponent = math.frexp(a)
    b_fraction, b_exponent = math.frexp(b)
    sign = -1 if (a_fraction < 0.0) != (b_fraction < 0.0) else 1
    a_integer = int(abs(a_fraction) * _MANTISSA_SCALE)
    b_integer = int(abs(b_fraction) * _MANTISSA_SCALE)
    shift = a_exponent + b_exponent - 2 * _MANTISSA_BITS - _LOWEST_EXPONENT
    for a_half in range(2):
        a_part = a_integer >> _HALF_BITS if a_half else a_integer & _HALF_MASK
        for b_half in range(2):
            b_part = b_integer >> _HALF_BITS if b_half else b_integer & _HALF_MASK
            _add_shifted(limbs, a_part * b_part, shift + (a_half + b_half) * _HALF_BITS, sign)


@borrowing
def _add_shifted(limbs: Array, value: int, shift: int, sign: int) -> None:
    """Add `sign * value * 2**shift`, 0 <= value < 2**56."""
    limb, bit = shift // _LIMB_BITS, shift % _LIMB_BITS
    low = (value & _LIMB_MASK) << bit
    high = (value >> _LIMB_BITS) << bit
    limbs[limb] += sign * (low & _LIMB_MASK)
    limbs[limb + 1] += sign * ((low >> _LIMB_BITS) + (high & _LIMB_MASK))
    limbs[limb + 2] += sign * (high >> _LIMB_BITS)
