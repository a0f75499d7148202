"""Every fact of a case has its words and its place in the read models; every word of the domain is one on the wire."""

from enum import Enum
from typing import Any

import pytest
from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import complaints_pb2 as complaints
from acuerdo.cases.v1 import creditor_pb2 as creditor
from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import dossier_pb2 as dossier
from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.api import wire
from services.cases.api.why import WHY, money, why
from services.cases.domain.batch import BatchState
from services.cases.domain.buckets import BucketUnit
from services.cases.domain.circumstances import CircumstanceKind, CircumstanceStatus, Visibility
from services.cases.domain.client_queries import QueryState
from services.cases.domain.complaints import ComplaintOutcome
from services.cases.domain.components import Component
from services.cases.domain.debts import AdjustmentReason
from services.cases.domain.delinquency import RollDirection
from services.cases.domain.disputes import DisputeResolution, DisputeState
from services.cases.domain.dossier import Confidence
from services.cases.domain.hardship import HardshipMeasure, HardshipState
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.cases.domain.parties import Liability, PartyRole
from services.cases.domain.questionnaire import AnswerKind
from services.cases.domain.reconciliation import DifferenceKind
from services.cases.domain.terms import Authority
from services.cases.domain.vulnerability import Need
from services.cases.views.noting import NOTES
from tests.services.cases.examples import DAYS, terms
from tests.services.cases.service import money as amount

OTHER_STREAMS = (
    *("client_registered", "portfolio_", "batch_", "case_file_accessed", "team_", "agent_"),
    *("questionnaire_published", "questionnaire_retired"),
    *("docket_", "evidence_", "source_completeness_noted", "unmatched_money_"),
)


def of_a_case() -> set[str]:
    facts = told.CaseEvent.DESCRIPTOR.oneofs_by_name["event"].fields
    return {field.message_type.full_name for field in facts if not field.name.startswith(OTHER_STREAMS)}


@pytest.mark.parametrize("table", [WHY, NOTES], ids=["why", "read models"])
def test_no_fact_of_a_case_is_forgotten(table: Any) -> None:
    assert {fact.DESCRIPTOR.full_name for fact in table} == of_a_case()


def test_every_fact_can_be_told_even_when_it_says_nothing() -> None:
    for fact in WHY:
        assert isinstance(why(fact()), str)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (BucketUnit, types.BucketUnit),
        (Authority, types.Authority),
        (Component, types.Component),
        (AdjustmentReason, types.AdjustmentReason),
        (PartyRole, types.PartyRole),
        (Liability, types.Liability),
        (RollDirection, types.RollDirection),
        (CloseOutcome, types.CloseOutcome),
        (ReopenReason, types.ReopenReason),
        (Lifecycle, types.Lifecycle),
        (Confidence, types.Confidence),
        (BatchState, pb.Batch.State),
        (DisputeState, disputes.DisputeState),
        (DisputeResolution, disputes.DisputeResolution),
        (Visibility, circumstances.Visibility),
        (CircumstanceKind, circumstances.CircumstanceKind),
        (CircumstanceStatus, circumstances.CircumstanceStatus),
        (Need, circumstances.Need),
        (HardshipMeasure, circumstances.HardshipMeasure),
        (HardshipState, circumstances.Hardship.State),
        (ComplaintOutcome, complaints.ComplaintOutcome),
        (QueryState, complaints.ClientQuery.State),
        (DifferenceKind, creditor.DifferenceKind),
        (AnswerKind, dossier.AnswerKind),
    ],
)
def test_every_word_goes_over_the_wire_and_back(ours: type[Enum], theirs: Any) -> None:
    members = [wire.member(ours, theirs, wire.wire_value(member, theirs)) for member in ours]
    assert members == list(ours)
    assert len(members) >= len(theirs.keys()) - 1


def test_terms_go_over_the_wire_and_back() -> None:
    assert wire.terms(wire.wire_terms(terms(DAYS))) == terms(DAYS)


def test_money_is_worded_in_whole_numbers() -> None:
    worded = [money(amount(units, code)) for units, code in ((123_456_789, "EUR"), (-5, "EUR"), (1_500, "JPY"), (1_234_567, "KWD"))]
    assert worded == ["1,234,567.89 EUR", "-0.05 EUR", "1,500 JPY", "1,234.567 KWD"]
