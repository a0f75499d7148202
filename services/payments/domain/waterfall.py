"""The waterfall: in which order money is spread over what is owed. A pure function of a published order and of what is owed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from uuid import UUID

from services.kernel.money import Money
from services.payments.domain.components import Component


class Dueness(Enum):
    """How something owed stands to a day."""

    PAST_DUE = "PAST_DUE"
    DUE = "DUE"
    FUTURE = "FUTURE"

    __hash__ = object.__hash__  # a key of every sum here: the library's own hash is Python's and slow


class Take(Enum):
    """What a step spreads money over."""

    DESIGNATED = "DESIGNATED"
    """Debts that the debtor named."""
    COMMITMENTS = "COMMITMENTS"
    """What was promised."""
    OWED = "OWED"
    """Everything."""


class Dimension(Enum):
    """By what a step goes, outermost first."""

    DEBT = "DEBT"
    DUENESS = "DUENESS"
    COMPONENT = "COMPONENT"


class DebtOrder(Enum):
    """Which debt comes first. Debts that stand equal share in proportion to what is owed."""

    OLDEST_DUE_FIRST = "OLDEST_DUE_FIRST"
    MOST_ONEROUS_FIRST = "MOST_ONEROUS_FIRST"
    SMALLEST_FIRST = "SMALLEST_FIRST"
    LARGEST_FIRST = "LARGEST_FIRST"
    PRO_RATA = "PRO_RATA"


class Excess(Enum):
    """What becomes of more than is owed."""

    CREDIT = "CREDIT"
    SUSPENSE = "SUSPENSE"


class AfterReversal(Enum):
    """What becomes of later payments when an earlier one is taken back."""

    KEEP = "KEEP"
    RERUN = "RERUN"


@dataclass(frozen=True, slots=True)
class Step:
    """One rule of the order, with the law or clause behind it."""

    rule: str
    take: Take
    dueness: tuple[Dueness, ...]
    components: tuple[Component, ...]
    by: tuple[Dimension, ...]
    debts: DebtOrder
    cite: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """An order as published. `onerous_products`: most onerous first; within one product a debt that bears interest weighs more."""

    name: str
    steps: tuple[Step, ...]
    excess: Excess = Excess.CREDIT
    after_reversal: AfterReversal = AfterReversal.KEEP
    onerous_products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """So much is owed of one component of one debt, and since (or from) when."""

    debt_id: UUID
    component: Component
    dueness: Dueness
    minor_units: int


@dataclass(frozen=True, slots=True)
class DebtTraits:
    """What an order looks at in a debt."""

    product: str
    oldest_due: date
    bears_interest: bool
    owed: int


@dataclass(frozen=True, slots=True)
class Committed:
    """So much of a promise is unpaid; its debts, none: all."""

    id: UUID
    minor_units: int
    debt_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed of a case on a day, as payments knows it."""

    currency_code: str
    slots: tuple[Slot, ...]
    traits: Mapping[UUID, DebtTraits]
    commitments: tuple[Committed, ...] = ()
    credit_to: UUID | None = None
    """The debt that takes what is more than owed."""


@dataclass(frozen=True, slots=True)
class Share:
    """Why one part of the money went where it went."""

    rule: str
    cite: str
    debt_id: UUID
    component: Component
    dueness: Dueness
    commitment_id: UUID | None
    owed_before: int
    minor_units: int
    shared_with: int
    """How many debts stood equal here, this one included."""
    left_after: int


CREDIT_RULE = "credit"


@dataclass(slots=True)
class _Spread:
    """Money being spread: what is left of it, and of what is owed in each slot, by the slot's place."""

    slots: Sequence[Slot]
    left: int
    owed: list[int]
    promised: dict[UUID, int]
    """What is left of each promise: several steps may give to it."""
    shares: list[Share] = field(default_factory=list)

    def pour(self, step: Step, places: Sequence[int], commitment: Committed | None, most: int) -> int:
        """Over slots that stand equal, in proportion to what is owed where it does not suffice. How much of `most` is left."""
        open_places = [place for place in places if self.owed[place]]
        wanted = [self.owed[place] for place in open_places]
        together = sum(wanted)
        given = min(self.left, most, together)
        if given <= 0:
            return most
        parts = wanted
        if given != together:
            parts = [given] if len(wanted) == 1 else [part.minor_units for part in Money("XXX", given).split(wanted)]
        for place, owed, part in zip(open_places, wanted, parts, strict=True):
            if part:
                self.left -= part
                self.owed[place] -= part
                slot = self.slots[place]
                commitment_id = commitment.id if commitment else None
                share = Share(
                    step.rule, step.cite, slot.debt_id, slot.component, slot.dueness, commitment_id, owed, part, len(open_places), self.left
                )
                self.shares.append(share)
        return most - given


def spread(
    waterfall: Waterfall, minor_units: int, owed: Owed, designated: Sequence[UUID] = (), commitment_id: UUID | None = None
) -> list[Share]:
    """Shares whose sum is the whole amount, but for an excess that the order lets wait. `commitment_id`: what it was paid for."""
    promised = {committed.id: committed.minor_units for committed in owed.commitments}
    money = _Spread(owed.slots, minor_units, [slot.minor_units for slot in owed.slots], promised)
    for step in waterfall.steps:
        if money.left <= 0:
            break
        if step.take is Take.COMMITMENTS:
            _keep_promises(money, waterfall, step, owed, commitment_id)
            continue
        debts = designated if step.take is Take.DESIGNATED else None
        for equal in _in_order(waterfall, step, owed, debts):
            money.pour(step, equal, None, money.left)
    if money.left > 0 and waterfall.excess is Excess.CREDIT and owed.credit_to is not None:
        debt_id = money.shares[-1].debt_id if money.shares else owed.credit_to
        credit = Share(CREDIT_RULE, "", debt_id, Component.PRINCIPAL, Dueness.FUTURE, None, 0, money.left, 1, 0)
        money.shares.append(credit)
    return money.shares


def _keep_promises(money: _Spread, waterfall: Waterfall, step: Step, owed: Owed, commitment_id: UUID | None) -> None:
    """The one it was paid for first, then the others in their order; never more than was promised."""
    for committed in sorted(owed.commitments, key=lambda each: each.id != commitment_id):
        for equal in _in_order(waterfall, step, owed, committed.debt_ids or None):
            money.promised[committed.id] = money.pour(step, equal, committed, money.promised[committed.id])


def _in_order(waterfall: Waterfall, step: Step, owed: Owed, debts: Sequence[UUID] | None) -> Iterator[list[int]]:
    """Places of the step's slots, first to last; those that stand equal together. `debts`: of these only; None: of all."""
    if debts is not None and not debts:
        return
    rank = _debt_rank(waterfall, step, owed, debts or ())
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, slot in enumerate(owed.slots):
        if slot.dueness in step.dueness and slot.component in step.components and (debts is None or slot.debt_id in debts):
            key = tuple([_key(dimension, step, slot, rank) for dimension in step.by])
            groups.setdefault(key, []).append(place)
    for key in sorted(groups):
        yield groups[key]


def _key(dimension: Dimension, step: Step, slot: Slot, rank: Callable[[UUID], int]) -> int:
    if dimension is Dimension.DEBT:
        return rank(slot.debt_id)
    return step.dueness.index(slot.dueness) if dimension is Dimension.DUENESS else step.components.index(slot.component)


def _debt_rank(waterfall: Waterfall, step: Step, owed: Owed, designated: Sequence[UUID]) -> Callable[[UUID], int]:
    """The place of each debt; equal places share."""
    if step.take is Take.DESIGNATED:
        return designated.index
    order = _DEBT_ORDERS[step.debts]
    return lambda debt_id: order(waterfall, owed.traits[debt_id])


def _onerous(waterfall: Waterfall, traits: DebtTraits) -> int:
    products = waterfall.onerous_products
    place = products.index(traits.product) if traits.product in products else len(products)
    return place * 2 + (0 if traits.bears_interest else 1)


_DEBT_ORDERS: Mapping[DebtOrder, Callable[[Waterfall, DebtTraits], int]] = {
    DebtOrder.OLDEST_DUE_FIRST: lambda _, traits: traits.oldest_due.toordinal(),
    DebtOrder.MOST_ONEROUS_FIRST: _onerous,
    DebtOrder.SMALLEST_FIRST: lambda _, traits: traits.owed,
    DebtOrder.LARGEST_FIRST: lambda _, traits: -traits.owed,
    DebtOrder.PRO_RATA: lambda *_: 0,
}


def uncovered(steps: Iterable[Step]) -> list[tuple[Dueness, Component]]:
    """What of everything that may be owed no step ever reaches."""
    reached = {
        (dueness, component) for step in steps if step.take is Take.OWED for dueness in step.dueness for component in step.components
    }
    return [(dueness, component) for dueness in Dueness for component in Component if (dueness, component) not in reached]
