"""A ledger of 20,000 rows × 25 columns (200,000 with PORTAL_SIZE=large) from the table to the file, beside openpyxl.

The same rows, title rows, head with units, number formats, frozen head, print set-up, totals and query sheet are
written by the portal's flat writer, by its styled one with formulas, and by openpyxl in write-only mode. Each runs in a
process of its own that reads the table itself; what it needed at most stands beside the time. Seconds are processor
time, the process's and its database server's together: other work on the machine counts for none of the three.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import psycopg
from psycopg.rows import dict_row

from benchmarks.measuring import Result
from core.workbooks.write import DATE, DECIMAL, INTEGER, MONEY, NUMBER_FORMATS, TEXT, Column, LedgerWriter, cell_value

ROWS = 200_000 if os.environ.get("PORTAL_SIZE") == "large" else 20_000
MEMORY_MIB = 100
SERVED: list[float] = []  # processor time of the database server for the rows of this process
TITLES = ["清洁取暖补贴发放台账", "单位：元"]
WORDS = (
    "town", "village", "number", "head", "id_number", "phone", "route", "benefit", "clause", "batch", "payee", "card",
    "reference", "model", "installer", "inspector", "remark",
)  # fmt: skip
COLUMNS = (
    Column("no", "序号", INTEGER, width=6),
    *(Column(name, name, TEXT, width=16) for name in WORDS),
    Column("area", "面积", DECIMAL, unit="㎡", total=True),
    *(Column(name, name, MONEY, unit="元", total=True) for name in ("amount", "central", "district", "own")),
    *(Column(name, name, DATE, width=12) for name in ("installed", "paid")),
)
_TABLE = f"""
CREATE TABLE bench_ledger AS
SELECT n AS no, {", ".join(f"'示例' || (n % 977) || '{name[:3]}'" + f" AS {name}" for name in WORDS if name != "town")},
    '第' || (n * 40 / {ROWS}) || '镇' AS town, (60 + n % 90)::numeric(8, 2) AS area, 300000 + n % 300001 AS amount,
    150000 + n % 150000 AS central, 150000 AS district, n % 90000 AS own, date '2021-09-01' + n % 60 AS installed,
    date '2021-11-01' + n % 60 AS paid
FROM generate_series(1, {ROWS}) AS n
"""


def measure() -> Iterator[Result]:
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("DROP TABLE IF EXISTS bench_ledger")
        database.execute(_TABLE)
        try:
            found = {engine: run(engine, url) for engine in ("flat", "styled", "openpyxl")}
        finally:
            database.execute("DROP TABLE bench_ledger")
    totals = {json.dumps(one["totals"], sort_keys=True) for one in found.values()}
    if len(totals) != 1:
        raise SystemExit(f"the writers do not agree on the totals: {totals}")
    for engine in ("flat", "styled"):
        one, peer = found[engine], found["openpyxl"]
        if one["mib"] > MEMORY_MIB:
            raise SystemExit(f"{engine}: {one['mib']:.0f} MiB, more than {MEMORY_MIB}")
        what = f"{ROWS:,}×{len(COLUMNS)} {engine}, {one['mib']:.0f} MiB"
        yield Result(what, one["seconds"], f"openpyxl write-only, {peer['mib']:.0f} MiB", peer["seconds"])


def run(engine: str, url: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_ledger_export", engine]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, "DATABASE_URL": url})
    return dict(json.loads(done.stdout))


def rows_of(url: str) -> Iterator[dict[str, Any]]:
    """The table in its order by a cursor of the server's."""
    with psycopg.connect(url) as database, database.cursor("ledger", row_factory=dict_row) as cursor:
        cursor.itersize = 2000
        cursor.execute("SELECT * FROM bench_ledger ORDER BY no")
        yield from cursor
        SERVED.append(served_s(database.info.backend_pid))


def served_s(pid: int) -> float:
    """Processor time of the server's process for this connection; 0 where it can't be read (another machine)."""
    path = Path(f"/proc/{pid}/schedstat")
    return int(path.read_text().split()[0]) / 1e9 if path.exists() else 0.0


def with_ours(path: Path, rows: Iterator[Mapping[str, Any]], *, large: bool) -> dict[str, Any]:
    writer = LedgerWriter(
        path, COLUMNS, titles=TITLES, query={"who": "示例"}, sheet_name="台账", large=large, group="town"
    )
    return dict(writer.write(rows).totals)


def with_openpyxl(path: Path, rows: Iterator[Mapping[str, Any]]) -> dict[str, Any]:
    """The same sheet by the peer: styled cells, formulas as totals, subtotals by town."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    sheet.freeze_panes = "A4"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 8
    sheet.print_title_rows = "1:3"
    bold = Font(bold=True)

    def cell(value: Any, kind: str = "", *, strong: bool = False) -> Any:
        made = WriteOnlyCell(sheet, value=value)
        if kind:
            made.number_format = NUMBER_FORMATS[kind]
        if strong:
            made.font = bold
        return made

    for title in TITLES:
        sheet.append([cell(title, strong=True)])
    sheet.append([cell(column.heading, strong=True) for column in COLUMNS])
    totals: dict[str, Any] = {column.key: 0 for column in COLUMNS if column.total}
    at, first, town = 4, 4, ""

    def sums(name: str, begin: int) -> list[Any]:
        letters = {n: chr(64 + n) for n in range(1, 27)}
        return [
            cell(f"=SUBTOTAL(9,{letters[n]}{begin}:{letters[n]}{at - 1})", c.kind, strong=True)
            if c.total else cell(name if n == 1 else None, strong=True)
            for n, c in enumerate(COLUMNS, 1)
        ]  # fmt: skip

    for row in rows:
        if town and row["town"] != town:
            sheet.append(sums(f"{town} 小计", first))
            at, first = at + 1, at + 1
        town = row["town"]
        sheet.append([cell(cell_value(column.kind, row[column.key]), column.kind) for column in COLUMNS])
        for key in totals:
            totals[key] += row[key]
        at += 1
    sheet.append(sums(f"{town} 小计", first))
    at += 1
    sheet.append(sums("合计", 4))
    book.create_sheet("query").append(["who", "示例"])
    book.save(path)
    return totals


def peak_mib() -> float:
    """Of this program alone: `getrusage` also counts what the process was between fork and exec, its parent's size."""
    status = Path("/proc/self/status")
    if not status.exists():
        return getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


def main(engine: str) -> None:
    rows = rows_of(os.environ["DATABASE_URL"])
    with tempfile.TemporaryDirectory() as folder:
        path, began = Path(folder) / "ledger.xlsx", time.process_time()
        totals = with_openpyxl(path, rows) if engine == "openpyxl" else with_ours(path, rows, large=engine == "flat")
        seconds = time.process_time() - began + sum(SERVED)
    about = {"seconds": seconds, "mib": peak_mib()}
    print(json.dumps(about | {"totals": {key: str(value) for key, value in totals.items()}}))


if __name__ == "__main__":
    main(sys.argv[1])
