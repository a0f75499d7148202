"""Makes a remesa and one creditor file for each month from a portfolio file: one row for each customer and month.

python data/split_portfolio.py my_portfolio.csv my_folder [--product credit_card]

The format is described in README.md beside this file. Lines that cannot be used are reported, the rest goes on; exit code 1 then.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from clients.cli.money import plain
from clients.cli.tables import CellIsWrong, Cells, Columns, TableIsUnreadable, read_table

PORTFOLIO = Columns(
    required=("external_ref", "as_of", "cycles_past_due", "balance"),
    optional=("payment", "credit_limit", "product"),
)
REMESA_HEADER = ("external_ref", "product", "principal", "value_date")
MONTH_HEADER = ("external_ref", "cycles_past_due", "balance", "payment")


@dataclass(frozen=True, slots=True)
class CustomerMonth:
    external_ref: str
    as_of: date
    cycles_past_due: int
    balance: str
    payment: str
    product: str


def customer_month(cells: Cells) -> CustomerMonth:
    if cells.has("credit_limit"):
        _amount(cells, "credit_limit")
    return CustomerMonth(
        external_ref=cells.text("external_ref"),
        as_of=cells.day("as_of"),
        cycles_past_due=cells.whole("cycles_past_due", 0, 999),
        balance=_amount(cells, "balance"),
        payment=_amount(cells, "payment") if cells.has("payment") else "",
        product=cells.text("product") if cells.has("product") else "",
    )


def split(rows: Sequence[CustomerMonth], folder: Path, product: str) -> list[Path]:
    """Write remesa.csv and one <year>-<month>.csv for each month into `folder`; the files, in the order in which they are sent."""
    folder.mkdir(parents=True, exist_ok=True)
    first: dict[str, CustomerMonth] = {}
    months: dict[date, list[CustomerMonth]] = {}
    for row in sorted(rows, key=lambda row: row.as_of):
        first.setdefault(row.external_ref, row)
        months.setdefault(row.as_of, []).append(row)
    # Entrusted on the first day of its first month, with what the first report says is owed: the oldest balance that is known.
    remesa = [(row.external_ref, row.product or product, row.balance, f"{row.as_of:%Y-%m}-01") for row in first.values()]
    written = [_write(folder / "remesa.csv", REMESA_HEADER, remesa)]
    for as_of, reported in months.items():
        lines = [(row.external_ref, str(row.cycles_past_due), row.balance, row.payment) for row in reported]
        written.append(_write(folder / f"{as_of:%Y-%m}.csv", MONTH_HEADER, lines))
    return written


def _amount(cells: Cells, name: str) -> str:
    return plain(cells.amount(name))


def _write(file: Path, header: Sequence[str], lines: Iterable[tuple[str, ...]]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(sorted(lines))
    return file


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portfolio", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--product", default="credit_card", help="product of rows that say none")
    said = parser.parse_args(arguments)
    try:
        table = read_table(said.portfolio, PORTFOLIO, customer_month, unique=("external_ref", "as_of"))
        _one_day_a_month(table.rows)
    except (TableIsUnreadable, CellIsWrong) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    for bad in table.bad:
        print(f"line {bad.line}: {bad.field} {bad.description}", file=sys.stderr)
    for file in split(table.rows, said.folder, said.product):
        print(file)
    return 1 if table.bad else 0


def _one_day_a_month(rows: Iterable[CustomerMonth]) -> None:
    """A month's file speaks of one day."""
    days: dict[str, date] = {}
    for row in rows:
        if days.setdefault(f"{row.as_of:%Y-%m}", row.as_of) != row.as_of:
            raise CellIsWrong("as_of", "TWO_DAYS_OF_A_MONTH", f"names two days of one month: {days[f'{row.as_of:%Y-%m}']} and {row.as_of}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
