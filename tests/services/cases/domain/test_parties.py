"""People stand to a case in one role each, and a case always has a debtor."""

from services.cases.domain import closing, parties
from services.cases.domain.case import CaseIsClosed
from services.cases.domain.lifecycle import CloseOutcome
from services.cases.domain.parties import (
    CaseHasNoDebtor,
    Liability,
    Party,
    PartyHasAnotherRole,
    PartyIsUnknown,
    PartyRole,
    PartyRoleChanged,
)
from services.kernel.facts import told
from tests.services.cases.examples import A_GUARANTOR, THE_DEBTOR, an_open_case, names, refused, the_debtor

GUARANTOR = Party(A_GUARANTOR, PartyRole.GUARANTOR, Liability.SUBSIDIARY)
CO_DEBTOR = Party(A_GUARANTOR, PartyRole.DEBTOR, Liability.JOINT)


def test_a_party_is_added_once() -> None:
    case = an_open_case()
    parties.add(case, GUARANTOR)
    parties.add(case, GUARANTOR)
    assert names(case) == ["PartyAdded"]
    with refused(PartyHasAnotherRole, role="GUARANTOR"):
        parties.add(case, CO_DEBTOR)


def test_a_role_changes_from_what_it_was() -> None:
    case = an_open_case()
    parties.add(case, GUARANTOR)
    parties.change_role(case, CO_DEBTOR)
    parties.change_role(case, CO_DEBTOR)
    changed = told(case)[-1]
    assert isinstance(changed, PartyRoleChanged)
    assert (changed.from_, changed.to, names(case)) == (PartyRole.GUARANTOR, PartyRole.DEBTOR, ["PartyAdded", "PartyRoleChanged"])


def test_a_case_keeps_a_debtor() -> None:
    case = an_open_case()
    with refused(CaseHasNoDebtor):
        parties.remove(case, THE_DEBTOR, "DECEASED")
    with refused(CaseHasNoDebtor):
        parties.change_role(case, the_debtor(PartyRole.HEIR))
    parties.add(case, CO_DEBTOR)
    parties.remove(case, THE_DEBTOR, "DECEASED")
    assert [party.person_id for party in case.parties.debtors()] == [A_GUARANTOR]


def test_who_is_no_party_cannot_change_or_leave() -> None:
    case = an_open_case()
    with refused(PartyIsUnknown):
        parties.remove(case, A_GUARANTOR, "MISTAKE")
    with refused(PartyIsUnknown):
        parties.change_role(case, GUARANTOR)


def test_nobody_joins_a_closed_case() -> None:
    case = an_open_case()
    closing.close(case, CloseOutcome.SOLD, ["deed-1"])
    with refused(CaseIsClosed):
        parties.add(case, GUARANTOR)
