"""Parties: who stands how to the debts of a case. People are known by person_id only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.refusal import IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

PARTIES_PER_CASE_MAX = 100

# What happened ---------------------------------------------------------------


class PartyRole(Enum):
    """How a person stands to a debt."""

    DEBTOR = "DEBTOR"
    CO_DEBTOR = "CO_DEBTOR"
    GUARANTOR = "GUARANTOR"
    REPRESENTATIVE = "REPRESENTATIVE"
    HEIR = "HEIR"


class Liability(Enum):
    """For how much a party answers."""

    FULL = "FULL"
    JOINT = "JOINT"
    SUBSIDIARY = "SUBSIDIARY"
    NONE = "NONE"


class PartyAdded(Fact):
    person_id: UUID
    role: PartyRole
    liability: Liability

    def apply(self, case: Case) -> None:
        case.parties.by_person[self.person_id] = Party(self.person_id, self.role, self.liability)


class PartyRoleChanged(Fact):
    person_id: UUID
    from_: PartyRole
    to: PartyRole
    liability: Liability

    def apply(self, case: Case) -> None:
        case.parties.by_person[self.person_id] = Party(self.person_id, self.to, self.liability)


class PartyRemoved(Fact):
    person_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        del case.parties.by_person[self.person_id]


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Party:
    person_id: UUID
    role: PartyRole
    liability: Liability


@dataclass(slots=True)
class Parties:
    by_person: dict[UUID, Party] = field(default_factory=dict)

    def debtors(self) -> list[Party]:
        return [party for party in self.by_person.values() if party.role is PartyRole.DEBTOR]


# What may be decided ---------------------------------------------------------


class PartyIsUnknown(IsUnknown):
    """The person is no party of the case."""


class PartyHasAnotherRole(Refusal):
    """The person is a party already: change the role instead of adding it again."""


class CaseHasNoDebtor(Refusal):
    """A case has at least one debtor."""


class CaseHasTooManyParties(Refusal):
    """The case has as many parties as it may."""


def add(case: Case, party: Party) -> None:
    case.must_be_workable()
    known = case.parties.by_person.get(party.person_id)
    if known == party:
        return
    if known is not None:
        raise PartyHasAnotherRole(person_id=party.person_id, role=known.role.name)
    if len(case.parties.by_person) >= PARTIES_PER_CASE_MAX:
        raise CaseHasTooManyParties(parties_max=PARTIES_PER_CASE_MAX)
    case.tell(PartyAdded(**case.next(), person_id=party.person_id, role=party.role, liability=party.liability))


def change_role(case: Case, party: Party) -> None:
    case.must_be_workable()
    known = _known(case, party.person_id)
    if known == party:
        return
    if party.role is not PartyRole.DEBTOR:
        _another_debtor_remains(case, party.person_id)
    case.tell(PartyRoleChanged(**case.next(), person_id=party.person_id, from_=known.role, to=party.role, liability=party.liability))


def remove(case: Case, person_id: UUID, reason_code: str) -> None:
    case.must_be_workable()
    _known(case, person_id)
    _another_debtor_remains(case, person_id)
    case.tell(PartyRemoved(**case.next(), person_id=person_id, reason_code=reason_code))


def must_be_party(case: Case, person_id: UUID) -> None:
    _known(case, person_id)


def _known(case: Case, person_id: UUID) -> Party:
    if person_id not in case.parties.by_person:
        raise PartyIsUnknown(person_id=person_id)
    return case.parties.by_person[person_id]


def _another_debtor_remains(case: Case, without: UUID) -> None:
    if all(party.person_id == without for party in case.parties.debtors()):
        raise CaseHasNoDebtor
