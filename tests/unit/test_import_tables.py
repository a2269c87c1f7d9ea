import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from boundaries.files import table_reader
from boundaries.files.table_reader import open_table
from geogrid.errors import InvalidInputError

DAMAGED = "Copy it again from where it came, or export it again."


def read(path: Path, **how: str) -> tuple[tuple[str, ...], list[int], list[list[str]], dict[int, str]]:
    lines: list[int] = []
    rows: list[list[str]] = []
    faults: dict[int, str] = {}
    with open_table(path, **how) as table:
        for chunk in table.chunks:
            faults |= {which + len(rows): fault for which, fault in chunk.faults.items()}
            lines += chunk.lines
            rows += chunk.rows
    return table.columns, lines, rows, faults


def refusal(path: Path, **how: str) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read(path, **how)
    return str(caught.value)


def csv_file(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = folder / "a.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_lines_are_those_of_the_file_where_cells_span_several(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'a,b\n1,"x\ny"\n2,z\n\n3,w\n')
    assert read(path)[1:3] == ([2, 4, 6], [["1", "x\ny"], ["2", "z"], ["3", "w"]])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    path = csv_file(tmp_path, f"a{delimiter}b\n1{delimiter}2\n")
    assert read(path)[2] == [["1", "2"]]


def test_the_mark_of_spreadsheets_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, "\ufeffa,b\n1,2\n"))[0] == ("a", "b")


def test_rows_with_too_few_or_too_many_cells_are_faults(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, "a,b\n1\n1,2,3\n1,2\n"))[3] == {
        0: "the line has 1 cell, the header has 2",
        1: "the line has 3 cells, the header has 2",
    }


def test_a_line_with_broken_quotes_is_a_fault_and_reading_goes_on(tmp_path: Path) -> None:
    _, lines, rows, faults = read(csv_file(tmp_path, 'a,b\n"x"y,2\n3,4\n'))
    assert (lines[-1], rows[-1]) == (3, ["3", "4"])
    assert faults[0].startswith("the line cannot be read")


def test_gbk_is_refused_with_the_remedy_and_read_when_named(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "编号,内容\n1,路灯不亮\n", encoding="gbk")
    assert refusal(path) == (
        "The text of a.csv is not in the encoding utf-8, from line 1 on. "
        "With --encoding gbk it would have '编号,内容' there, with --encoding cp1252 '±àºÅ,ÄÚÈÝ'. "
        "Name the right one: --encoding gbk for most Chinese files, else e.g. big5, cp1252."
    )
    assert read(path, encoding="gbk")[2] == [["1", "路灯不亮"]]


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, "a\n1\n"), encoding="gbx") == (
        "There is no encoding 'gbx'. Use e.g. --encoding gbk."
    )


def test_a_csv_file_that_ends_within_quotes_is_cut_short(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, 'a,b\n1,2\n3,"four')) == (
        f"a.csv is cut short: it ends within the quoted cell of line 3. {DAMAGED}"
    )


def test_a_gzip_file_cut_in_half_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(30_000)))
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path) == (
        "a.csv.gz is damaged or cut short: Compressed file ended before the end-of-stream marker was reached. "
        f"{DAMAGED}"
    )


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("a.parquet", "to_parquet", "a.parquet is damaged or cut short, or no Parquet file."),
        ("a.xlsx", "to_excel", "a.xlsx is damaged or cut short, or no workbook."),
    ],
)
def test_binary_files_cut_in_half_are_refused(tmp_path: Path, name: str, write: str, said: str) -> None:
    path = tmp_path / name
    writer: Callable[..., None] = getattr(pd.DataFrame({"a": range(1000)}), write)
    writer(path, index=False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refusal(path) == f"{said} {DAMAGED}"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, "")) == f"a.csv is empty (0 bytes). {DAMAGED}"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.csv"
    assert refusal(path) == f"There is no file {path}. Check the name; relative ones start at this folder."


def test_a_file_of_another_sort_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_text("x")
    assert refusal(path) == (
        "a.docx is no table that GeoGrid knows: it reads .csv, .csv.gz, .tsv, .parquet, .xlsx and .dbf. "
        "Export it as one of them."
    )


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, "a,b,a\n1,2,3\n")) == "a.csv has column 'a' more than once. Rename one."


def test_parquet_gives_the_text_that_a_csv_file_would_have(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame(
        {"n": [1.0, None], "t": [datetime(2024, 1, 2, 3, 4), None], "s": ["x", None]}  # noqa: DTZ001 - as files have it
    ).to_parquet(path)
    assert read(path)[1:3] == ([1, 2], [["1", "2024-01-02T03:04:00", "x"], ["", "", ""]])


def test_a_workbook_is_read_by_rows_of_the_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["编号", "时间", "值"], ["001", datetime(2024, 1, 2, 3, 4), 5.0], [], ["002", None, 1.5]):  # noqa: DTZ001
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    columns, lines, rows, _ = read(path)
    assert columns == ("编号", "时间", "值")
    assert (lines, rows) == ([2, 4], [["001", "2024-01-02T03:04:00", "5"], ["002", "", "1.5"]])


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("二月").append(["a"])
    book.active.append(["b"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert refusal(path) == "a.xlsx has 2 sheets with rows: Sheet, 二月. Name one: --sheet."
    assert read(path, sheet="二月")[0] == ("a",)


def test_large_tables_come_in_chunks(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a\n" + "1\n" * (table_reader.ROWS_A_CHUNK + 1))
    with open_table(path) as table:
        assert [len(chunk.rows) for chunk in table.chunks] == [table_reader.ROWS_A_CHUNK, 1]
        assert table.total == table_reader.ROWS_A_CHUNK + 1
