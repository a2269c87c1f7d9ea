"""Which column of a table of cases holds what, and how its values are to be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyproj import CRS

from boundaries.files.cases.statuses import StatusReader
from boundaries.files.columns import missing_columns
from boundaries.files.times import TimeReader
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import CoordType

REPORTER_FIELDS = ("reporter_name", "reporter_telephone", "reporter_email", "reporter_identity_number")
"""What is known of who reported a case: sealed, and apart from it."""

FIELDS = (
    *("id", "time", "closed", "status", "lon", "lat", "x", "y", "address", "text", "channel", "category"),
    *REPORTER_FIELDS,
)
"""What a column can be mapped to."""

CONSTANTS = ("channel", "category")
"""What can be given once for all rows."""


@dataclass(frozen=True, slots=True)
class CaseFields:
    """The column of each field, and the columns that are stored besides.

    Parameters
    ----------
    columns : mapping of str to str
        Field of `FIELDS` to column.
    constants : mapping of str to str
        Field of `CONSTANTS` to the value that every row has.
    keep : tuple of str
        Columns stored as they are. Nothing else is stored: tables of complaints name people.
    """

    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()

    def positions(self, header: Sequence[str], file: str) -> tuple[dict[str, int], dict[str, int]]:
        """Return where the fields and the kept columns stand in a header.

        Raises
        ------
        InvalidInputError
            Columns are missing, or the fields do not say when and where a case was; everything is listed.
        """
        wanted = [(f"--{name.replace('_', '-')}", column) for name, column in self.columns.items()]
        wanted += [("--keep", column) for column in self.keep]
        problems = [*missing_columns(wanted, header, file), *self._incomplete()]
        if problems:
            raise InvalidInputError(problems)
        fields = {name: header.index(column) for name, column in self.columns.items()}
        return fields, {column: header.index(column) for column in self.keep}

    def _incomplete(self) -> list[Problem]:
        problems = []
        if "time" not in self.columns:
            problems.append(Problem("no-time", "No column says when a case was reported.", "Name it: --time COLUMN."))
        for first, second in (("lon", "lat"), ("x", "y")):
            if (first in self.columns) != (second in self.columns):
                problems.append(
                    Problem("half-a-point", f"--{first} and --{second} go together.", "Name both columns, or neither.")
                )
        if not {"lon", "x", "address"} & set(self.columns):
            problems.append(
                Problem(
                    "no-place",
                    "No column says where a case is.",
                    "Name --lon and --lat, or --x and --y with --crs, or --address.",
                )
            )
        if {"lon", "x"} <= set(self.columns):
            problems.append(
                Problem("two-points", "Both --lon/--lat and --x/--y are given.", "Name the ones that are surer.")
            )
        return problems


@dataclass(frozen=True, slots=True)
class CaseReading:
    """How values are read.

    Parameters
    ----------
    times : TimeReader
        For reporting and closing times.
    statuses : StatusReader
        For statuses.
    crs : CRS
        Of x and y, or of longitude and latitude.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of longitude and latitude.
    """

    times: TimeReader
    statuses: StatusReader
    crs: CRS
    coord_type: CoordType = "wgs84"
