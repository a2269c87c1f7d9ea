"""``geogrid geocode``: find where the addresses of a file are."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import click

from boundaries.text.cells import CellWriter

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from boundaries.addresses.answers import GeocodeAnswer
    from boundaries.addresses.remote.fallback import CombinedAnswer
    from boundaries.files.chunks import Chunk

_BATCH = 500
_MOST_NOTES = 3
_ADDED = (
    "geocode_lon",
    "geocode_lat",
    "geocode_score",
    "geocode_level",
    "geocode_error_m",
    "geocode_address",
    "geocode_status",
    "geocode_reason",
)
_STATUS = _ADDED.index("geocode_status")
_TOLD = ("found", "review", "not_found")
_STATUSES = (*_TOLD, "unreadable")

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(short_help="Find where the addresses of a file are.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", required=True, type=_FILE, metavar="FILE", help="CSV with all columns and those of the answer.")
@click.option("--column", default="address", show_default=True, metavar="NAME", help="Column of the address.")
@click.option("--encoding", metavar="NAME", help="Of a file that is not UTF-8: gbk, big5 ...")
@click.option("--sheet", metavar="NAME", help="Of a workbook with several.")
@click.option("--rejects", type=_FILE, metavar="FILE", help="CSV of the rows that are not found surely, with reasons.")
@click.option("--within", metavar="GRID", help="Code of a grid of any level; only answers in it.")
@click.option("--local", is_flag=True, help="Do not ask the remote geocoder that GEOGRID_GEOCODER names.")
@click.option("--jurisdiction", metavar="CODE", help="Whose gazetteer; needed only where there are several.")
def command(file: Path, out: Path, column: str, **options: Any) -> None:
    """Find where the addresses of a table are, by the imported addresses.

    Where GEOGRID_GEOCODER names a remote geocoder it is asked for the addresses of which these are not sure.

    Interrupted, the same command goes on where it stopped: FILE.progress beside the output remembers the place. The
    column geocode_status is found, review (a person should look at it), not_found, or unreadable (the line is broken);
    geocode_reason says why. Answers of an earlier run in the file are replaced.
    """
    from api.cli.output.progress import progress
    from boundaries.store.engine import open_engine
    from boundaries.store.settings import StoreSettings

    how = {"encoding": options["encoding"], "sheet": options["sheet"], "wanted": (column,)}
    names = _columns(file, column, how)
    _refuse_same(file, out, options["rejects"])
    kept = [place for place, name in enumerate(names) if name not in _ADDED]
    if len(kept) < len(names):
        click.echo(f"The answers that {file.name} has are found anew.", err=True)
    engine = open_engine(StoreSettings())
    counts = dict.fromkeys(_STATUSES, 0)
    of_remote, notes = 0, dict[str, None]()
    choices = [column, *(str(options[name]) for name in ("encoding", "sheet", "within", "local", "jurisdiction"))]
    try:
        finder = _Finder(engine, options["jurisdiction"], within=options["within"], local=options["local"])
        header = [*(names[place] for place in kept), *_ADDED]
        with _Output(file, out, options["rejects"], header, choices) as output, progress("Geocoding") as advance:
            advance(output.done)
            for rows in _batches(file, output.done, how):
                lines = []
                for row, each in _answered(rows, names.index(column), finder):
                    cells = _cells(each.answer) if each else _unanswered("unreadable", row.fault)
                    counts[cells[_STATUS]] += 1
                    of_remote += each is not None and each.is_remote
                    notes.update({each.note: None} if each and each.note else {})
                    lines.append([*(row.cells[place] for place in kept), *cells])
                output.write(lines)
                advance(len(rows))
    finally:
        engine.dispose()
    _tell(out, counts, of_remote, notes)


def _tell(out: Path, counts: Mapping[str, int], of_remote: int, notes: Iterable[str]) -> None:
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count or name in _TOLD)
    click.echo(f"{out.name}: {said}{f'; {of_remote:,} by the remote geocoder' if of_remote else ''}.")
    for note in list(notes)[:_MOST_NOTES]:
        click.echo(note, err=True)


@dataclass(frozen=True, slots=True)
class _AskedRow:
    """A row with a cell for each column, and why it is none, if it is not."""

    cells: list[str]
    fault: str


def _answered(
    rows: "Sequence[_AskedRow]", at: int, finder: "_Finder"
) -> "Iterator[tuple[_AskedRow, CombinedAnswer | None]]":
    """Yield rows with what is found for the text in one of their cells; broken rows are not asked for."""
    found = iter(finder.find([row.cells[at] for row in rows if not row.fault]))
    for row in rows:
        yield row, None if row.fault else next(found)


class _Finder:
    """Finds addresses in the gazetteer, in a grid if one is named; asks the remote geocoder where that is not sure."""

    def __init__(self, engine: "Engine", jurisdiction: str | None, *, within: str | None, local: bool) -> None:
        from boundaries.addresses.context import context_of_store
        from boundaries.addresses.remote.fallback import GeocoderSettings, remote_geocoder
        from boundaries.jurisdictions.reading import the_jurisdiction
        from boundaries.store.engine import unit_of_work

        self._engine = engine
        self._remote = None if local else remote_geocoder(GeocoderSettings())
        with unit_of_work(engine) as session:
            self._town_id = the_jurisdiction(session, jurisdiction).id
            self._context = context_of_store(session, self._town_id, within=within)

    def find(self, addresses: Sequence[str]) -> "list[CombinedAnswer]":
        from boundaries.addresses.geocoding import candidates_many
        from boundaries.addresses.remote.fallback import with_remote_many
        from boundaries.store.engine import unit_of_work

        with unit_of_work(self._engine) as session:
            candidates = candidates_many(session, self._town_id, addresses, self._context)
        best = [answers[0] if answers else None for answers in candidates]
        return with_remote_many(addresses, best, self._remote, inside=self._context.inside)


def _cells(answer: "GeocodeAnswer | None") -> tuple[Any, ...]:
    if answer is None:
        return _unanswered("not_found", "no known address is like it")
    return (
        round(answer.lon, 7),
        round(answer.lat, 7),
        round(answer.score, 3),
        answer.matched_level,
        round(answer.positional_error_m, 1),
        answer.address,
        "review" if answer.needs_review else "found",
        "not sure enough to act upon without a look" if answer.needs_review else "",
    )


def _unanswered(status: str, reason: str) -> tuple[Any, ...]:
    return (*[""] * _STATUS, status, reason)


def _refuse_same(file: Path, *targets: Path | None) -> None:
    """Refuse an output that would write over what is read, or over the other one."""
    given = [path for path in targets if path is not None]
    if any(path.exists() and path.samefile(file) for path in given) or len({*map(Path.resolve, given)}) < len(given):
        raise click.UsageError(f"The output would write over {file.name} or the other output. Name another file.")


def _columns(file: Path, column: str, how: dict[str, Any]) -> tuple[str, ...]:
    from boundaries.files.table_reader import open_table

    with open_table(file, **how) as table:
        names = table.columns
        for note in table.notes:
            click.echo(note, err=True)
    if column not in names:
        raise click.BadParameter(
            f"{file.name} has no column {column!r}; it has {', '.join(names)}.", param_hint="--column"
        )
    return names


def _batches(file: Path, done: int, how: dict[str, Any]) -> Iterator[list[_AskedRow]]:
    from boundaries.files.table_reader import open_table

    with open_table(file, **how) as table:
        rows = islice((row for chunk in table.chunks for row in _rows(chunk, len(table.columns))), done, None)
        while batch := list(islice(rows, _BATCH)):
            yield batch


def _rows(chunk: "Chunk", width: int) -> Iterator[_AskedRow]:
    """Yield rows; what is beyond the header is joined to the last cell, so that nothing is lost."""
    for which, cells in enumerate(chunk.rows):
        fault = f"line {chunk.lines[which]}: {chunk.faults[which]}" if which in chunk.faults else ""
        if len(cells) > width:
            cells = [*cells[: width - 1], ",".join(cells[width - 1 :])]  # noqa: PLW2901 - the row as it is written
        yield _AskedRow(cells + [""] * (width - len(cells)), fault)


class _Output:
    """The files that are written, and beside them how far they are complete."""

    def __init__(
        self, file: Path, out: Path, rejects: Path | None, header: Sequence[str], choices: Sequence[str]
    ) -> None:
        self._note = out.with_name(f"{out.name}.progress")
        self._paths = [out] if rejects is None else [out, rejects]
        self._header = header
        state = file.stat()
        self._of = [str(file.resolve()), state.st_size, state.st_mtime_ns, list(header)]
        self._of += [[str(path) for path in self._paths], list(choices)]
        self._files: list[IO[str]] = []
        self.done = 0

    def __enter__(self) -> Self:
        sizes = self._left_off()
        for path, size in zip(self._paths, sizes, strict=True):
            file = path.open("r+" if size else "w", encoding="utf-8", newline="")
            file.truncate(size)
            file.seek(size)
            if not size:
                CellWriter(file).write(self._header)
            self._files.append(file)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for file in self._files:
            file.close()
        if kind is None:
            self._note.unlink(missing_ok=True)

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows, and then that they are written."""
        CellWriter(self._files[0]).write_all(rows)
        if len(self._files) > 1:
            CellWriter(self._files[1]).write_all(row for row in rows if row[_STATUS - len(_ADDED)] != "found")
        self.done += len(rows)
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
        note = {"of": self._of, "done": self.done, "sizes": [path.stat().st_size for path in self._paths]}
        fresh = self._note.with_name(f"{self._note.name}.new")
        fresh.write_text(json.dumps(note), encoding="utf-8")
        fresh.replace(self._note)

    def _left_off(self) -> list[int]:
        """Return the complete sizes of the files of an interrupted run over the same input, else zeros."""
        if self._note.exists():
            note = json.loads(self._note.read_text(encoding="utf-8"))
            if note["of"] == self._of and all(path.exists() for path in self._paths):
                self.done = int(note["done"])
                return [int(size) for size in note["sizes"]]
        return [0] * len(self._paths)
