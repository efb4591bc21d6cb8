"""Reading a roster workbook: guarded child process against openpyxl in this process."""

import tempfile
from pathlib import Path

import openpyxl

from benchmarks.measuring import Result, best_of
from core.workbooks.read import read_workbook

ROWS, COLUMNS = 5_000, 20


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.xlsx"
        write_sample(path)
        ours = best_of(3, lambda: read_workbook(path))
        peer = best_of(2, lambda: read_with_openpyxl(path))
    return [Result(f"read {ROWS} rows × {COLUMNS} columns as text", ours, "openpyxl read_only, unguarded", peer)]


def write_sample(path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("名单")
    for row in range(ROWS):
        sheet.append([f"王测试{row}" if column % 2 else row * column for column in range(COLUMNS)])
    book.save(path)


def read_with_openpyxl(path: Path) -> int:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    return sum(len(row) for row in book.worksheets[0].iter_rows(values_only=True))
