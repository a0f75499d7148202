"""The waterfall: every cent goes somewhere, never more than is owed but for the credit, and by the order that the document says."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.refusal import IsInvalid
from services.payments.adapters import waterfall_document
from services.payments.domain.components import Component
from services.payments.domain.presets import ES_LEGAL
from services.payments.domain.waterfall import (
    CREDIT_RULE,
    Committed,
    DebtOrder,
    DebtTraits,
    Dimension,
    Dueness,
    Excess,
    Owed,
    Share,
    Slot,
    Step,
    Take,
    Waterfall,
    spread,
)

DATA = Path(__file__).resolve().parents[4] / "data" / "waterfalls"
A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)
PROMISE = UUID(int=9)


def owed(*slots: Slot, commitments: tuple[Committed, ...] = (), products: dict[UUID, str] | None = None) -> Owed:
    debts = list(dict.fromkeys(slot.debt_id for slot in slots)) or [A]
    traits = {
        debt: DebtTraits(
            product=(products or {}).get(debt, "card"),
            oldest_due=date(2026, 1, debt.int),
            bears_interest=any(slot.debt_id == debt and slot.component is Component.INTEREST for slot in slots),
            owed=sum(slot.minor_units for slot in slots if slot.debt_id == debt),
        )
        for debt in debts
    }
    return Owed("EUR", slots, traits, commitments, debts[0])


def gone(shares: list[Share]) -> list[tuple[UUID, Component, int, str]]:
    return [(share.debt_id, share.component, share.minor_units, share.rule) for share in shares]


# By the law ---------------------------------------------------------------------------------------------------------------


def test_the_debt_that_the_debtor_named_comes_first_interest_before_capital() -> None:
    """Código Civil 1172 and 1173."""
    of = owed(
        Slot(A, Component.PRINCIPAL, Dueness.PAST_DUE, 100),
        Slot(B, Component.PRINCIPAL, Dueness.FUTURE, 100),
        Slot(B, Component.INTEREST, Dueness.FUTURE, 20),
    )
    assert gone(spread(ES_LEGAL, 50, of, designated=(B,))) == [
        (B, Component.INTEREST, 20, "designated"),
        (B, Component.PRINCIPAL, 30, "designated"),
    ]


def test_of_what_has_fallen_due_the_most_onerous_comes_first() -> None:
    """Código Civil 1174: the debt that bears interest, though the other is older."""
    of = owed(
        Slot(A, Component.PRINCIPAL, Dueness.PAST_DUE, 100),
        Slot(B, Component.PRINCIPAL, Dueness.PAST_DUE, 100),
        Slot(B, Component.INTEREST, Dueness.PAST_DUE, 20),
        Slot(C, Component.PRINCIPAL, Dueness.FUTURE, 100),
    )
    assert gone(spread(ES_LEGAL, 230, of)) == [
        (B, Component.INTEREST, 20, "most-onerous"),
        (B, Component.PRINCIPAL, 100, "most-onerous"),
        (A, Component.PRINCIPAL, 100, "most-onerous"),
        (C, Component.PRINCIPAL, 10, "not-yet-due"),
    ]


def test_debts_of_equal_burden_share_in_proportion_to_the_last_cent() -> None:
    """Código Civil 1174, second paragraph. 100 over 10 : 20 : 40 is 14.28…, 28.57…, 57.14…: the largest remainder takes the cent left."""
    of = owed(*(Slot(debt, Component.PRINCIPAL, Dueness.PAST_DUE, amount) for debt, amount in ((A, 1_000), (B, 2_000), (C, 4_000))))
    shares = spread(ES_LEGAL, 100, of)
    assert [share.minor_units for share in shares] == [14, 29, 57]
    assert {share.shared_with for share in shares} == {3}


def test_a_promise_comes_before_the_rest_and_takes_no_more_than_was_promised() -> None:
    promised = Committed(PROMISE, 60, (B,))
    of = owed(
        Slot(A, Component.PRINCIPAL, Dueness.PAST_DUE, 100), Slot(B, Component.PRINCIPAL, Dueness.PAST_DUE, 100), commitments=(promised,)
    )
    shares = spread(ES_LEGAL, 100, of)
    assert gone(shares)[0] == (B, Component.PRINCIPAL, 60, "commitment")
    assert [share.commitment_id for share in shares] == [PROMISE, None, None]
    assert [share.minor_units for share in shares[1:]] == [29, 11]


def test_the_promise_a_payment_was_made_for_comes_before_an_earlier_one() -> None:
    earlier, meant = Committed(UUID(int=8), 50, ()), Committed(PROMISE, 50, ())
    of = owed(Slot(A, Component.PRINCIPAL, Dueness.PAST_DUE, 100), commitments=(earlier, meant))
    assert [share.commitment_id for share in spread(ES_LEGAL, 60, of, commitment_id=PROMISE)] == [PROMISE, UUID(int=8)]


def test_products_named_more_onerous_come_first() -> None:
    order = Waterfall("x", ES_LEGAL.steps, onerous_products=("loan", "card"))
    of = owed(Slot(A, Component.PRINCIPAL, Dueness.DUE, 10), Slot(B, Component.PRINCIPAL, Dueness.DUE, 10), products={A: "card", B: "loan"})
    assert [share.debt_id for share in spread(order, 15, of)] == [B, A]


# Always -------------------------------------------------------------------------------------------------------------------

DEBTS = [UUID(int=number) for number in range(1, 13)]
some_slots = st.lists(
    st.builds(Slot, st.sampled_from(DEBTS), st.sampled_from(Component), st.sampled_from(Dueness), st.integers(1, 10**7)),
    max_size=60,
    unique_by=lambda slot: (slot.debt_id, slot.component, slot.dueness),
)
some_commitments = st.lists(
    st.builds(Committed, st.uuids(), st.integers(1, 10**7), st.lists(st.sampled_from(DEBTS), max_size=3).map(tuple)),
    max_size=3,
    unique_by=lambda committed: committed.id,
)


@st.composite
def some_orders(draw: st.DrawFn) -> Waterfall:
    """Any order that a document may say: the last step reaches all there is."""
    steps = [
        Step(
            rule=f"r{place}",
            take=draw(st.sampled_from(Take)),
            dueness=tuple(draw(st.lists(st.sampled_from(Dueness), min_size=1, unique=True))),
            components=tuple(draw(st.lists(st.sampled_from(Component), min_size=1, unique=True))),
            by=tuple(draw(st.permutations(list(Dimension)))),
            debts=draw(st.sampled_from(DebtOrder)),
        )
        for place in range(draw(st.integers(0, 4)))
    ]
    everything = Step(
        "all", Take.OWED, tuple(Dueness), tuple(Component), tuple(draw(st.permutations(list(Dimension)))), draw(st.sampled_from(DebtOrder))
    )
    return Waterfall("any", (*steps, everything), excess=draw(st.sampled_from(Excess)))


@given(
    some_orders(),
    some_slots,
    some_commitments,
    st.integers(1, 10**8),
    st.lists(st.sampled_from(DEBTS), unique=True, max_size=4),
)
def test_every_cent_goes_somewhere_and_none_beyond_what_is_owed(
    order: Waterfall, slots: list[Slot], commitments: list[Committed], amount: int, designated: list[UUID]
) -> None:
    of = owed(*slots, commitments=tuple(commitments))
    shares = spread(order, amount, of, designated)
    given_to: dict[tuple[UUID, Component, Dueness], int] = {}
    for share in shares:
        assert share.minor_units > 0
        if share.rule != CREDIT_RULE:
            key = (share.debt_id, share.component, share.dueness)
            given_to[key] = given_to.get(key, 0) + share.minor_units
    is_owed = {(slot.debt_id, slot.component, slot.dueness): slot.minor_units for slot in slots}
    assert all(minor_units <= is_owed[key] for key, minor_units in given_to.items())
    everything = sum(is_owed.values())
    spread_out = sum(share.minor_units for share in shares)
    assert spread_out == (amount if order.excess is Excess.CREDIT else min(amount, everything))
    assert sum(given_to.values()) == min(amount, everything)
    for committed in commitments:
        assert sum(share.minor_units for share in shares if share.commitment_id == committed.id) <= committed.minor_units
    assert [share.left_after for share in shares] == [
        amount - sum(share.minor_units for share in shares[: place + 1]) for place in range(len(shares))
    ]


@given(some_orders(), some_slots, st.integers(1, 10**8), st.integers(1, 10**8))
def test_more_money_never_takes_anything_away(order: Waterfall, slots: list[Slot], amount: int, more: int) -> None:
    """Of no component, over all debts: between debts that share a cent of rounding may pass to and fro."""
    of = owed(*slots)
    by = {}
    for money in (amount, amount + more):
        sums: dict[tuple[str, Component, Dueness], int] = {}
        for share in spread(order, money, of):
            if share.rule != CREDIT_RULE:
                key = (share.rule, share.component, share.dueness)
                sums[key] = sums.get(key, 0) + share.minor_units
        by[money] = sums
    assert all(by[amount + more].get(key, 0) >= minor_units for key, minor_units in by[amount].items())


# Documents ----------------------------------------------------------------------------------------------------------------


def test_the_legal_order_as_data_is_the_preset() -> None:
    assert waterfall_document.read((DATA / "es_legal.yaml").read_bytes()) == ES_LEGAL


@pytest.mark.parametrize("document", sorted(DATA.glob("*.yaml")), ids=lambda path: path.stem)
def test_orders_that_come_with_the_house_can_be_followed(document: Path) -> None:
    order = waterfall_document.read(document.read_bytes())
    assert sum(share.minor_units for share in spread(order, 30, owed(Slot(A, Component.FEES, Dueness.FUTURE, 30)))) == 30


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (b"- 1", "document"),
        (b"{", "document"),
        (b"{name: x, steps: []}", "document.steps"),
        (b"{name: x, steps: [{rule: a, take: OWED, components: [PRINCIPAL], by: [DEBT]}]}", "document.steps"),
        (b"{name: x, steps: [{rule: a, take: ALL, components: [PRINCIPAL], by: [DEBT]}]}", "document.steps[0].take"),
        (b"{name: x, steps: [{rule: credit, take: OWED, components: [PRINCIPAL], by: [DEBT]}]}", "document.steps[0].rule"),
        (b"{name: x, steps: [{rule: a, take: OWED, components: [PRINCIPAL, PRINCIPAL], by: [DEBT]}]}", "document.steps[0].components"),
        (b"{name: x, steps: [{rule: a, take: OWED, components: [TAX], by: [DEBT]}]}", "document.steps[0].components[0]"),
        (b"{name: x, steps: [{rule: a, take: OWED, percent: 50}]}", "document.steps[0]"),
        (b"{name: x, steps: [{rule: a, take: OWED, components: [PRINCIPAL], by: [DEBT], debts: RANDOM}]}", "document.steps[0].debts"),
    ],
)
def test_an_order_that_could_not_be_followed_is_refused_with_its_place(document: bytes, field: str) -> None:
    with pytest.raises(IsInvalid) as refused:
        waterfall_document.read(document)
    assert refused.value.field == field
