"""Creditors' files: exact amounts, every bad line named, the rest goes on."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from acuerdo.common.v1.types_pb2 import Money
from hypothesis import given, settings
from hypothesis import strategies as some

from clients.cli import money
from clients.cli.files import chunks, read_arrears, read_remesa, totals_of
from clients.cli.tables import BadRow, Columns, TableIsUnreadable, read_table

CLIENT = "0190a000-0000-7000-8000-000000000001"


def a_file(folder: Path, text: str | bytes) -> Path:
    file = folder / "file.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def reasons(bad: list[BadRow] | tuple[BadRow, ...] | object) -> list[tuple[int, str, str]]:
    return [(row.line, row.field, row.reason) for row in bad]  # type: ignore[attr-defined]  # rows of a table


# Amounts ---------------------------------------------------------------------


@given(some.integers(-(10**15) + 1, 10**15 - 1), some.sampled_from(["TWD", "EUR", "JPY", "KWD", "CLF"]))
def test_an_amount_written_is_read_back_exactly(units: int, currency: str) -> None:
    digits = money.decimals_of(currency)
    assert money.minor_units(money.plain(units, digits), decimals=digits) == units


@given(some.integers(0, 10**12), some.integers(0, 99))
def test_an_amount_is_what_decimal_says(whole: int, cents: int) -> None:
    for text in (f"{whole}.{cents:02}", f"-{whole}.{cents:02}"):
        assert money.minor_units(text) == int(Decimal(text) * 100)


@given(some.text(max_size=12))
def test_whatever_is_read_as_an_amount_is_one(text: str) -> None:
    try:
        units = money.minor_units(text)
    except money.NotAnAmount:
        return
    assert Decimal(text) * 100 == units


@pytest.mark.parametrize("text", ["", "1,234.56", "1.234", "1e5", "+1", " 1", "1.", ".5", "--1", "NaN", "٣", "1_000", "1" * 17, "1,5"])
def test_what_is_not_exactly_an_amount_is_refused(text: str) -> None:
    with pytest.raises(money.NotAnAmount):
        money.minor_units(text)


@pytest.mark.parametrize(
    ("units", "en", "es"),
    [(123_456_789, "TWD 1,234,567.89", "1.234.567,89 TWD"), (-5, "TWD -0.05", "-0,05 TWD"), (0, "TWD 0.00", "0,00 TWD")],
)
def test_money_is_shown_as_the_language_writes_it(units: int, en: str, es: str) -> None:
    amount = Money(currency_code="TWD", minor_units=units)
    assert money.shown(amount, "en") == en
    assert money.shown(amount, "es") == es


# Tables ----------------------------------------------------------------------

TWO = Columns(required=("external_ref", "balance"), optional=("note",))


@settings(max_examples=200)
@given(
    some.lists(some.tuples(some.text("abcñ;,\t\"' ", min_size=1, max_size=8), some.integers(-(10**9), 10**9)), max_size=20),
    some.sampled_from([",", ";", "\t"]),
    some.booleans(),
    some.sampled_from(["\n", "\r\n"]),
)
def test_every_well_formed_file_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]], separator: str, has_mark: bool, ending: str
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, lineterminator=ending)
    writer.writerow(("external_ref", "balance"))
    writer.writerows((ref, money.plain(units)) for ref, units in rows)
    file = a_file(tmp_path_factory.mktemp("csv"), (b"\xef\xbb\xbf" if has_mark else b"") + written.getvalue().encode())
    table = read_table(file, TWO, lambda cells: (cells.by_name["external_ref"], cells.amount("balance")))
    assert table.bad == []
    assert table.rows == [(ref.strip(), units) for ref, units in rows]


@settings(max_examples=200)
@given(some.binary(max_size=200))
def test_no_content_stops_the_reading_but_a_wrong_header(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = a_file(tmp_path_factory.mktemp("csv"), b"external_ref,balance\nA,1\n" + content + b"\nB,2\n")
    table = read_table(file, TWO, lambda cells: (cells.text("external_ref"), cells.amount("balance")))
    lines = [line for line in content.split(b"\n") if line.rstrip(b"\r").strip()]
    assert table.rows[0] == ("A", 100)
    assert table.rows[-1] == ("B", 200)
    assert len(table.rows) + len(table.bad) == 2 + len(lines)


def test_a_broken_line_spoils_itself_only(tmp_path: Path) -> None:
    lines = ["external_ref,cycles_past_due,balance", "A,1,10.00"]
    lines += ['B,"1,10.00', "C,1", "D,one,1.00", "E,-1,1.00", "F,1,1.234", ",1,1.00", "A,2,1.00", "", "G,2,20.00"]
    table = read_arrears(a_file(tmp_path, "\n".join(lines)), "TWD")
    assert [row.external_ref for row in table.rows] == ["A", "G"]
    assert reasons(table.bad) == [
        (3, "", "LINE_IS_NOT_CSV"),
        (4, "", "LINE_HAS_OTHER_CELLS"),
        (5, "cycles_past_due", "NUMBER_IS_INVALID"),
        (6, "cycles_past_due", "NUMBER_IS_OUT_OF_RANGE"),
        (7, "balance", "AMOUNT_IS_INVALID"),
        (8, "external_ref", "IS_MISSING"),
        (9, "external_ref", "IS_REPEATED"),
    ]


def test_a_line_that_is_no_text_is_named(tmp_path: Path) -> None:
    content = b"external_ref,balance\nA,1\n\xff\xfe,2\n" + b"x" * 70_000 + b"\nB,3\n"
    table = read_arrears(a_file(tmp_path, content), "TWD")
    assert [row.external_ref for row in table.rows] == ["A", "B"]
    assert reasons(table.bad) == [(3, "", "LINE_IS_NOT_TEXT"), (4, "", "LINE_IS_TOO_LONG")]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("external_reff,balance", "missing: external_ref; unknown: external_reff"),
        ("external_ref,balance,balance", "twice: balance"),
        ("", "missing: external_ref, balance"),
        ("external_ref|balance", "missing: external_ref, balance; unknown: external_ref|balance"),
        ('"external_ref,balance', "header cannot be read"),
        ("external_ref,balance,", "unknown: (empty)"),
    ],
)
def test_a_header_that_does_not_fit_is_one_clear_sentence(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(TableIsUnreadable) as wrong:
        read_table(a_file(tmp_path, f"{header}\nA,1\n"), TWO, lambda cells: cells)
    assert said in str(wrong.value)


def test_a_file_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableIsUnreadable, match="no such file"):
        read_arrears(tmp_path / "none.csv", "TWD")


# Files of a creditor ---------------------------------------------------------


def test_a_remesa_becomes_rows_of_the_contract(tmp_path: Path) -> None:
    file = a_file(tmp_path, "product;external_ref;principal;interest;value_date\nloan;C-1;1000,50;2,5;2026-01-31\nloan;C-2;-3;;\n")
    table = read_remesa(file, CLIENT, "EUR")
    assert table.bad == []
    first, second = table.rows
    assert [(amount.component, amount.amount.minor_units) for amount in first.debts[0].components] == [(1, 100_050), (2, 250)]
    assert (first.value_date.year, first.value_date.month, first.value_date.day) == (2026, 1, 31)
    assert first.debts[0].external_ref == "C-1"
    assert not second.HasField("value_date")
    assert totals_of(table.rows, "EUR").amount.minor_units == 100_000


def test_the_same_row_is_the_same_person_and_another_clients_is_another(tmp_path: Path) -> None:
    file = a_file(tmp_path, "external_ref,product,principal\nC-1,loan,1\n")
    person, again = (read_remesa(file, CLIENT, "EUR").rows[0].parties[0].person_id for _ in range(2))
    others = read_remesa(file, "0190a000-0000-7000-8000-000000000002", "EUR").rows[0].parties[0].person_id
    assert person == again != others


def test_rows_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    lines = [
        "external_ref,cycles_past_due,days_past_due,oldest_unpaid_due_date,balance,currency",
        "A,1,30,,1,",
        "B,,,,,",
        "C,,,2005-02-30,1,",
        "D,,,2005-2-3,1,",
        "E,,,,1,EUR",
        "F,,,2005-02-28,,TWD",
        "G,,,,5,",
        "x" * 65 + ",1,,,,",
        "a\x07b,1,,,,",
    ]
    table = read_arrears(a_file(tmp_path, "\n".join(lines)), "TWD")
    assert [row.external_ref for row in table.rows] == ["F", "G"]
    assert reasons(table.bad) == [
        (2, "days_past_due", "LATENESS_IS_SAID_TWICE"),
        (3, "", "ROW_SAYS_NOTHING"),
        (4, "oldest_unpaid_due_date", "DATE_IS_INVALID"),
        (5, "oldest_unpaid_due_date", "DATE_IS_INVALID"),
        (6, "currency", "CURRENCY_IS_ANOTHER"),
        (9, "external_ref", "TEXT_IS_TOO_LONG"),
        (10, "external_ref", "TEXT_IS_NOT_PRINTABLE"),
    ]


def test_a_payment_is_checked_although_it_is_not_sent(tmp_path: Path) -> None:
    table = read_arrears(a_file(tmp_path, "external_ref,balance,payment\nA,1,2.00\nB,1,many\n"), "TWD")
    assert [row.external_ref for row in table.rows] == ["A"]
    assert reasons(table.bad) == [(3, "payment", "AMOUNT_IS_INVALID")]


@given(some.integers(0, 1_000), some.integers(1, 200))
def test_chunks_hold_every_row_once_and_no_more_than_they_may(count: int, size: int) -> None:
    rows = list(range(count))
    parts = list(chunks(rows, size))
    assert [row for part in parts for row in part] == rows
    assert all(0 < len(part) <= size for part in parts)


# The sample ------------------------------------------------------------------

UCI = Path(__file__).resolve().parents[2] / "data" / "uci"


def test_every_row_of_the_sample_can_be_read() -> None:
    remesa = read_remesa(UCI / "remesa.csv", CLIENT, "TWD")
    references = [row.external_ref for row in remesa.rows]
    assert not remesa.bad
    assert len(references) == 2_400
    months = sorted(file for file in UCI.glob("2005-*.csv"))
    assert [file.stem for file in months] == [f"2005-{month:02}" for month in range(4, 10)]
    for file in months:
        table = read_arrears(file, "TWD")
        assert not table.bad
        assert [row.external_ref for row in table.rows] == references


def test_a_table_of_customer_months_is_split_into_files_that_can_be_sent(tmp_path: Path) -> None:
    from data.split_portfolio import main as split

    random = Random(1)
    days = [date(2026, 1, 31), date(2026, 2, 28)]
    lines = [f"C-{n},{day},{random.randrange(3)},{random.randrange(10**6)}.{n:02},,3000" for n in range(20) for day in days]
    file = a_file(tmp_path, "\n".join(["external_ref,as_of,cycles_past_due,balance,payment,credit_limit", *lines, "C-1,2026-02-28,0,1,,"]))
    assert split([str(file), str(tmp_path / "out"), "--product", "loan"]) == 1
    assert len(read_remesa(tmp_path / "out" / "remesa.csv", CLIENT, "EUR").rows) == 20
    for day in days:
        table = read_arrears(tmp_path / "out" / f"{day:%Y-%m}.csv", "EUR")
        assert len(table.rows) == 20
        assert not table.bad
