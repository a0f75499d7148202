"""A fact in one line: values as a person reads them, and never a long one."""

from __future__ import annotations

from acuerdo.cases.v1 import events_pb2 as facts
from acuerdo.cases.v1.types_pb2 import PartyRole, RollDirection
from acuerdo.common.v1.types_pb2 import Money, Sealed
from google.type.date_pb2 import Date

from clients.cli.facts import CHARACTERS_MAX, in_one_line
from tests.clients.histories import a_history


def test_values_are_written_for_a_person() -> None:
    fact = facts.BalanceReported(as_of=Date(year=2005, month=4, day=30), theirs=Money(currency_code="TWD", minor_units=-150))
    assert in_one_line(fact, "es") == "as_of=2005-04-30, theirs=-1,50 TWD"


def test_enums_are_words_and_ids_are_uuids() -> None:
    fact = facts.PartyAdded(person_id=bytes(15) + b"\x01", role=PartyRole.PARTY_ROLE_CO_DEBTOR)
    assert in_one_line(fact, "en") == "person_id=00000000-0000-0000-0000-000000000001, role=co_debtor"
    assert in_one_line(facts.BucketChanged(direction=RollDirection.ROLL_DIRECTION_CURE), "en") == "direction=cure"


def test_a_sealed_value_stays_sealed() -> None:
    assert in_one_line(facts.FactRecorded(key="note", value=Sealed(ciphertext=b"secret")), "en") == "key=note, value=(sealed)"


def test_every_fact_of_a_history_fits_in_a_line() -> None:
    for record in a_history().records:
        event = facts.CaseEvent.FromString(record.event)
        said = in_one_line(getattr(event, event.WhichOneof("event") or ""), "en")
        assert 0 < len(said) <= CHARACTERS_MAX
        assert "\n" not in said
