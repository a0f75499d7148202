"""Blocks for people: they fit in 100 columns whatever the figures, and say the amounts exactly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1.types_pb2 import Actor, Money
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, RenderableType

from clients.cli.blocks import ProofRow, case_table, portfolio_block, proof_block
from clients.cli.words import WORDS, Lang, Words
from tests.clients.histories import stamp

LANGS: tuple[Lang, ...] = ("en", "es")
BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")


def written(block: RenderableType) -> str:
    console = Console(width=100, color_system=None, record=True, file=None)
    with console.capture() as captured:
        console.print(block)
    return captured.get()


def widest(text: str) -> int:
    return max(cell_len(line) for line in text.splitlines())


def twd(minor_units: int) -> Money:
    return Money(currency_code="TWD", minor_units=minor_units)


def a_report(*counts: int, before: int = 5) -> cases.GetAgingReportResponse:
    rows = [
        cases.AgingRow(bucket=name, count=count, balance=twd(count * 100), count_before=before, balance_before=twd(500))
        for name, count in zip(BUCKETS, counts, strict=False)
    ]
    rolls = [cases.RollRow(to=BUCKETS[0], count=3), cases.RollRow(to=BUCKETS[1], count=7, **{"from": BUCKETS[0]})]
    return cases.GetAgingReportResponse(rows=rows, rolls=rolls)


@pytest.mark.parametrize("lang", LANGS)
@given(counts=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=5))
def test_a_portfolio_fits_whatever_its_size(lang: Lang, counts: list[int]) -> None:
    assert widest(written(portfolio_block(a_report(*counts), "Cards · 2005-06-30", WORDS[lang]))) <= 100


def test_a_portfolio_shows_where_its_cases_came_from() -> None:
    text = written(portfolio_block(a_report(2090, 310), "Cards", WORDS["en"]))
    assert "2,090" in text
    assert "+305" in text
    new, current = (line for line in text.splitlines() if line.startswith(("new", "current")) and "·" in line)
    assert new.split()[-1] == "3"
    assert current.split()[-1] == "7"


def test_without_an_earlier_day_nothing_is_compared() -> None:
    report = a_report(10, 5, before=0)
    del report.rolls[:]
    text = written(portfolio_block(report, "Cards", WORDS["en"]))
    assert "before" not in text
    assert "→" not in text


def test_an_empty_portfolio_can_be_shown() -> None:
    assert "Cards" in written(portfolio_block(cases.GetAgingReportResponse(), "Cards", WORDS["en"]))


@pytest.mark.parametrize("lang", LANGS)
def test_a_proof_says_what_does_not_hold(lang: Lang) -> None:
    words = WORDS[lang]
    good = ProofRow("cases", 101_234, 101_234, {"strategy.reactions": 101_234, "cases.views": 101_234}, 2_401)
    bad = ProofRow("strategy", 10_123, 10_122, {"cases.reactions": 10_123}, 2_401, ("case x breaks at version 3",))
    text = written(proof_block([good, bad], words))
    assert widest(text) <= 100
    assert "case x breaks at version 3" in text
    assert words.holds in text
    assert words.broken in text
    assert good.holds
    assert not bad.holds


def test_what_was_not_heard_is_not_proven() -> None:
    assert not ProofRow("cases", 10, 10, {"strategy.reactions": 9}, 1).holds
    assert not ProofRow("cases", 10, 9, {}, 1).holds


def a_row(why: str = "", balance: int = 5, kind: Actor.Kind = Actor.KIND_TIMER, late_days: int = 0) -> cases.TimelineRow:
    return cases.TimelineRow(
        version=1,
        type="BucketChanged",
        actor=Actor(kind=kind),
        bucket="61-90",
        balance=twd(balance),
        why=why,
        occurred_at=stamp(datetime(2005, 6, 1, tzinfo=UTC)),
        recorded_at=stamp(datetime(2005, 6, 1 + late_days, tzinfo=UTC)),
    )


@pytest.mark.parametrize("words", WORDS.values())
@given(why=st.text(max_size=300), balance=st.integers(-(10**12), 10**12), kind=st.sampled_from(Actor.Kind.values()))
def test_a_story_fits_whatever_it_tells(words: Words, why: str, balance: int, kind: Actor.Kind) -> None:
    assert widest(written(case_table([a_row(why, balance, kind)], words)).replace("\x00", "")) <= 100


def test_what_was_known_late_is_marked() -> None:
    assert "◆" in written(case_table([a_row(late_days=3)], WORDS["en"]))
    assert "◆" not in written(case_table([a_row()], WORDS["en"]))


def test_amounts_are_exact_and_in_the_manner_of_the_language() -> None:
    assert "12,345,678.90" in written(case_table([a_row(balance=1_234_567_890)], WORDS["en"]))
    assert "12.345.678,90" in written(case_table([a_row(balance=1_234_567_890)], WORDS["es"]))


def test_every_word_is_there_in_both_languages() -> None:
    assert WORDS["en"].facts.keys() == WORDS["es"].facts.keys()
    assert WORDS["en"].actors.keys() == WORDS["es"].actors.keys()
