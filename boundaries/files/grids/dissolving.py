"""Rows of one code joined to one grid: every row is checked before, and what they disagree on is said."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from boundaries.files.grids.fields import GridRows, has_shape
from geogrid.errors import Problem
from geogrid.geometry.overlays import DEGREE, union
from geogrid.types import FloatArray, IntArray

_TOLD = 5


def dissolved(rows: GridRows) -> GridRows:
    """Return rows in which each code stands once.

    Shapes are joined, loads added up, names and kept columns are the first row's. Rows of one code with different
    parents, levels or kinds are errors, as is one of several loads that is unknown; different names are warned of. A
    row without a code stays alone, to be listed.
    """
    keys = [f"row {row}" if code is None else f"code {code}" for row, code in enumerate(rows.codes)]
    first: dict[str, int] = {}
    group: IntArray = np.array([first.setdefault(key, len(first)) for key in keys], dtype=np.int64)
    members = [np.flatnonzero(group == number) for number in range(len(first))]
    leads = [int(each[0]) for each in members]
    problems = [*rows.problems]
    for each in members:
        if len(each) > 1:
            problems += _disagreements(rows, each)
    empty = np.empty(len(members), dtype=object)
    geometries = empty.copy()
    for number, each in enumerate(members):
        shaped = rows.geometries[each][has_shape(rows.geometries[each])]
        geometries[number] = union(shaped, metre=DEGREE) if len(shaped) > 1 else rows.geometries[each[0]]
        if len(shaped) == 1:
            geometries[number] = shaped[0]
    return replace(
        rows,
        codes=_of(rows.codes, leads),
        names=_first_known(rows.names, members),
        parents=[_first_known(column, members) for column in rows.parents],
        parent_names=[_first_known(column, members) for column in rows.parent_names],
        stated_levels=_first_known(rows.stated_levels, members),
        kinds=_first_known(rows.kinds, members),
        categories=_first_known(rows.categories, members),
        loads={load: _summed(values, members) for load, values in rows.loads.items()},
        attributes=[rows.attributes[lead] for lead in leads],
        geometries=geometries,
        problems=tuple(problems),
    )


def _disagreements(rows: GridRows, members: IntArray) -> list[Problem]:
    code = str(rows.codes[int(members[0])])
    problems = []
    for column in rows.parents:
        problems += _differing(code, column, members, "parents")
    problems += _differing(code, rows.stated_levels, members, "levels")
    problems += _differing(code, rows.kinds, members, "kinds")
    problems += _differing(code, rows.categories, members, "categories")
    problems += _differing(code, rows.names, members, "names", is_error=False)
    for load, values in rows.loads.items():
        unknown = np.isnan(values[members])
        if unknown.any() and not unknown.all():
            message = (
                f"Grid {code}: {int(unknown.sum())} of its {len(members)} rows have no {load}, so its sum is unknown."
            )
            problems.append(Problem("unknown-load", message, "Fill them in, with 0 where nobody lives.", subject=code))
    return problems


def _differing(
    code: str, column: Sequence[str | None], members: IntArray, what: str, *, is_error: bool = True
) -> list[Problem]:
    values = list(dict.fromkeys(column[which] for which in members.tolist() if column[which] is not None))
    if len(values) <= 1:
        return []
    more = f" and {len(values) - _TOLD} more" if len(values) > _TOLD else ""
    told = ", ".join(map(str, values[:_TOLD]))
    message = f"The {len(members)} rows of grid {code} have {len(values)} {what}: {told}{more}."
    if is_error:
        return [Problem(f"two-{what}", message, "Correct them: the rows are parts of one grid.", subject=code)]
    return [
        Problem(
            f"two-{what}", f"{message} {values[0]} is kept.", "Give all of them one.", severity="warning", subject=code
        )
    ]


def _of(values: Sequence[str | None], which: Sequence[int]) -> list[str | None]:
    return [values[one] for one in which]


def _first_known(values: Sequence[str | None], members: Sequence[IntArray]) -> list[str | None]:
    return [next((values[one] for one in each.tolist() if values[one] is not None), None) for each in members]


def _summed(values: FloatArray, members: Sequence[IntArray]) -> FloatArray:
    """Return the sum of each group; NaN where nothing is known of it."""
    sums = [np.nan if np.isnan(values[each]).all() else float(np.nansum(values[each])) for each in members]
    return np.array(sums, dtype=np.float64)
