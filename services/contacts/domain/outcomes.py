"""Outcomes: what came of a contact, in one core set for all channels; a tenant's own codes stand for these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Fact, Stream
from services.kernel.refusal import IsUnknown, Refusal

OUTCOME_CODES_MAX = 500

# What happened ---------------------------------------------------------------


class Outcome(Enum):
    """The core set."""

    NO_ANSWER = "NO_ANSWER"
    BUSY = "BUSY"
    MACHINE = "MACHINE"
    MESSAGE_LEFT_ON_MACHINE = "MESSAGE_LEFT_ON_MACHINE"
    ABANDONED = "ABANDONED"
    UNREACHABLE = "UNREACHABLE"
    WRONG_PARTY = "WRONG_PARTY"
    THIRD_PARTY = "THIRD_PARTY"
    RIGHT_PARTY = "RIGHT_PARTY"
    PROMISE = "PROMISE"
    SAYS_PAID = "SAYS_PAID"
    REFUSAL = "REFUSAL"
    DISPUTE = "DISPUTE"
    VULNERABLE = "VULNERABLE"
    CALLBACK = "CALLBACK"
    DO_NOT_CONTACT = "DO_NOT_CONTACT"
    DECEASED = "DECEASED"
    REPLIED = "REPLIED"


class OutcomeFlag(Enum):
    """What an outcome says for limits, reports and decisions, whatever its code."""

    HUMAN = "HUMAN"
    RIGHT_PARTY = "RIGHT_PARTY"
    THIRD_PARTY = "THIRD_PARTY"
    PROMISE = "PROMISE"
    REFUSAL = "REFUSAL"
    DISPUTE = "DISPUTE"
    VULNERABLE = "VULNERABLE"
    CALLBACK = "CALLBACK"
    UNWORKABLE = "UNWORKABLE"
    DO_NOT_CONTACT = "DO_NOT_CONTACT"


class OutcomeCodeMapped(Fact):
    code: str
    outcome: Outcome
    flags: tuple[OutcomeFlag, ...]
    label: str

    def apply(self, codes: OutcomeCodes) -> None:
        codes.by_code[self.code] = MappedCode(self.outcome, self.flags, self.label)


class OutcomeCodeWithdrawn(Fact):
    code: str

    def apply(self, codes: OutcomeCodes) -> None:
        del codes.by_code[self.code]


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MappedCode:
    """What a tenant's own code stands for."""

    outcome: Outcome
    flags: tuple[OutcomeFlag, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Result:
    """What is recorded of a contact: the code as it was given, what it stands for, and everything it says."""

    code: str
    outcome: Outcome
    flags: tuple[OutcomeFlag, ...]

    @property
    def is_conversation(self) -> bool:
        """Somebody spoke with the right person: what cooling-off rules count from."""
        return OutcomeFlag.HUMAN in self.flags and OutcomeFlag.RIGHT_PARTY in self.flags


class OutcomeCodes(Stream):
    """A tenant's own codes."""

    def __init__(self) -> None:
        self.by_code: dict[str, MappedCode] = {}


def stream_of(tenant_id: str) -> UUID:
    """The stream of the tenant's codes."""
    return ids.derived("outcome-codes", tenant_id)


def ordered(flags: Iterable[OutcomeFlag]) -> tuple[OutcomeFlag, ...]:
    """Each once, in the order of the list, so that the same facts have the same bytes."""
    given = set(flags)
    return tuple(flag for flag in OutcomeFlag if flag in given)


# What may be decided ---------------------------------------------------------


class OutcomeCodeIsUnknown(Refusal):
    """The code is neither of the core set nor one of the tenant's own."""


class OutcomeCodeIsOfTheCoreSet(Refusal):
    """A core outcome stands for itself: give the tenant's code another name."""


class OutcomesContradict(Refusal):
    """Nobody is the right party and a third party at once."""


class ThereIsNoSuchCode(IsUnknown):
    """The tenant has no such outcome code."""


class TooManyOutcomeCodes(Refusal):
    """The tenant has as many outcome codes as it may."""


def map_code(codes: OutcomeCodes, code: str, outcome: Outcome, flags: Iterable[OutcomeFlag], label: str) -> None:
    """From now on `code` stands for `outcome`; what was recorded with it before keeps what it stood for then."""
    if code in Outcome.__members__:
        raise OutcomeCodeIsOfTheCoreSet(code=code)
    mapped = MappedCode(outcome, ordered(flags), label)
    _check({*FLAGS_OF[outcome], *mapped.flags}, code)
    if codes.by_code.get(code) == mapped:
        return
    if code not in codes.by_code and len(codes.by_code) >= OUTCOME_CODES_MAX:
        raise TooManyOutcomeCodes(codes_max=OUTCOME_CODES_MAX)
    codes.tell(OutcomeCodeMapped(**codes.next(), code=code, outcome=outcome, flags=mapped.flags, label=label))


def withdraw_code(codes: OutcomeCodes, code: str) -> None:
    if code not in codes.by_code:
        raise ThereIsNoSuchCode(code=code)
    codes.tell(OutcomeCodeWithdrawn(**codes.next(), code=code))


def read(codes: OutcomeCodes, code: str, added: Iterable[OutcomeFlag] = ()) -> Result:
    """What a reported code says, with what its reporter adds. A reporter adds flags and takes none away."""
    mapped = codes.by_code.get(code)
    if mapped is None:
        if code not in Outcome.__members__:
            raise OutcomeCodeIsUnknown(code=code)
        mapped = MappedCode(Outcome[code], (), "")
    flags = {*FLAGS_OF[mapped.outcome], *mapped.flags, *added}
    _check(flags, code)
    return Result(code, mapped.outcome, ordered(flags))


def _check(flags: set[OutcomeFlag], code: str) -> None:
    if {OutcomeFlag.RIGHT_PARTY, OutcomeFlag.THIRD_PARTY} <= flags:
        raise OutcomesContradict(code=code)


_RIGHT = (OutcomeFlag.HUMAN, OutcomeFlag.RIGHT_PARTY)

# What each core outcome says by itself. A third party is somebody else who was reached; a wrong party makes the point useless besides.
FLAGS_OF: Mapping[Outcome, tuple[OutcomeFlag, ...]] = {
    Outcome.NO_ANSWER: (),
    Outcome.BUSY: (),
    Outcome.MACHINE: (),
    Outcome.MESSAGE_LEFT_ON_MACHINE: (),
    Outcome.ABANDONED: (OutcomeFlag.HUMAN,),
    Outcome.UNREACHABLE: (OutcomeFlag.UNWORKABLE,),
    Outcome.WRONG_PARTY: (OutcomeFlag.HUMAN, OutcomeFlag.THIRD_PARTY, OutcomeFlag.UNWORKABLE),
    Outcome.THIRD_PARTY: (OutcomeFlag.HUMAN, OutcomeFlag.THIRD_PARTY),
    Outcome.RIGHT_PARTY: _RIGHT,
    Outcome.PROMISE: (*_RIGHT, OutcomeFlag.PROMISE),
    Outcome.SAYS_PAID: _RIGHT,
    Outcome.REFUSAL: (*_RIGHT, OutcomeFlag.REFUSAL),
    Outcome.DISPUTE: (*_RIGHT, OutcomeFlag.DISPUTE),
    Outcome.VULNERABLE: (*_RIGHT, OutcomeFlag.VULNERABLE),
    Outcome.CALLBACK: (*_RIGHT, OutcomeFlag.CALLBACK),
    Outcome.DO_NOT_CONTACT: (*_RIGHT, OutcomeFlag.DO_NOT_CONTACT),
    Outcome.DECEASED: (OutcomeFlag.HUMAN, OutcomeFlag.THIRD_PARTY, OutcomeFlag.UNWORKABLE),
    Outcome.REPLIED: _RIGHT,
}
