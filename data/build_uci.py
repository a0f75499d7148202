"""Builds data/uci/ from the UCI credit-card file: one batch of cases and six monthly reports. What is taken: README.md beside this file.

python data/build_uci.py UCI_Credit_Card.csv [FOLDER [CUSTOMERS]]
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid5

CUSTOMERS = 2_400
MONTHS = (("2005-04", 6), ("2005-05", 5), ("2005-06", 4), ("2005-07", 3), ("2005-08", 2), ("2005-09", 1))
"""Month, and the number that the file's BILL_AMT and PAY_AMT columns give it."""
LATENESS = {6: "PAY_6", 5: "PAY_5", 4: "PAY_4", 3: "PAY_3", 2: "PAY_2", 1: "PAY_0"}
"""The file has no PAY_1: September's is called PAY_0."""
REMESA_HEADER = ("external_ref", "product", "person_id", "principal", "value_date")
MONTH_HEADER = ("external_ref", "cycles_past_due", "balance", "payment")
VALUE_DATE = "2005-04-01"
"""Entrusted on the first day of the first month, with the bill of that month: the oldest balance that is known."""
PERSONS = UUID("8d1f3f0a-4c7e-5a0d-9f0e-0c8c7d5b2a41")
"""Namespace of the invented persons; the source has none."""

HERE = Path(__file__).resolve().parent

Customer = dict[str, str]


def chosen(rows: Iterable[Customer], customers: int = CUSTOMERS) -> list[Customer]:
    """The customers with the smallest SHA-256 of their ID, in the order of their IDs: the same for everyone, and like a lottery."""
    drawn = sorted(rows, key=lambda row: sha256(row["ID"].encode()).digest())[:customers]
    return sorted(drawn, key=lambda row: int(row["ID"]))


def reference(row: Customer) -> str:
    return f"UCI-{int(row['ID']):05}"


def cycles(code: str) -> str:
    """-2 (no use), -1 (paid in full) and 0 (revolving) are not late; n is n months late."""
    return str(max(0, int(Decimal(code))))


def amount(text: str) -> str:
    """New Taiwan dollars with two decimals, exact. The source writes a few as 2.00E+05: read as they stand."""
    value = Decimal(text)
    cents = value.quantize(Decimal("0.01"))
    if cents != value:
        raise ValueError(f"{text} has more than two digits after the point")
    return f"{cents:f}"


def remesa(customers: Iterable[Customer]) -> Iterable[Sequence[str]]:
    for row in customers:
        ref = reference(row)
        yield (ref, "credit_card", str(uuid5(PERSONS, ref)), amount(row["BILL_AMT6"]), VALUE_DATE)


def month(customers: Iterable[Customer], number: int) -> Iterable[Sequence[str]]:
    for row in customers:
        yield (reference(row), cycles(row[LATENESS[number]]), amount(row[f"BILL_AMT{number}"]), amount(row[f"PAY_AMT{number}"]))


def build(source: Path, folder: Path = HERE / "uci", customers: int = CUSTOMERS) -> None:
    with source.open(newline="", encoding="utf-8") as file:
        rows = chosen(csv.DictReader(file), customers)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "remesa.csv", REMESA_HEADER, remesa(rows))
    for name, number in MONTHS:
        _write(folder / f"{name}.csv", MONTH_HEADER, month(rows, number))


def _write(file: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(arguments: Sequence[str]) -> None:
    match arguments:
        case [source]:
            build(Path(source))
        case [source, folder]:
            build(Path(source), Path(folder))
        case [source, folder, customers]:
            build(Path(source), Path(folder), int(customers))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
