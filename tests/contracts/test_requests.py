"""What callers may send: each method says who may call it, each change has a request id, each text has its measure."""

from __future__ import annotations

from typing import Any, cast

import pytest
from acuerdo.common.v1 import access_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from tests.contracts.promised import messages, methods, mutations, request_fields

REQUEST_ID_MAX = 64
NAMES_OF_MUTATIONS = {
    *("RegisterClient", "OpenPortfolio", "ChangePortfolioTerms", "ReceiveBatch", "RegisterCases", "ReleaseBatch", "RejectBatch"),
    *("RegisterCase", "AttachDebt", "DetachDebt", "AdjustBalance", "AddParty", "ChangePartyRole", "RemoveParty", "ReportArrears"),
    *("PlaceHold", "ExtendHold", "LiftHold", "ScheduleInstalments"),
    *("MakePromise", "CancelPromise", "SupersedePromise"),
    *("RecordFact", "RetractFact", "CloseCase", "ReopenCase", "PublishSegmentTable", "ActivateSegmentTable"),
    *(
        "DisputeDebt",
        "RequestDisputeInformation",
        "RecordDisputeInformation",
        "ReviewDispute",
        "ResolveDispute",
        "AppealDispute",
        "WithdrawDispute",
        "CloseDispute",
    ),
    *("WithdrawCases", "RevokeWithdrawal", "RetractReport", "ResolveBalanceDifference"),
    *(
        "FlagVulnerability",
        "ReviewVulnerability",
        "ClearVulnerability",
        "DeclareHardship",
        "RequestHardshipEvidence",
        "AcceptHardship",
        "RejectHardship",
        "ReviewHardship",
        "EndHardship",
        "RecordSpecialCircumstance",
        "EndSpecialCircumstance",
    ),
    *("FileComplaint", "ResolveComplaint", "OpenClientQuery", "AnswerClientQuery", "CancelClientQuery"),
    *("PublishQuestionnaire", "RetireQuestionnaire", "AnswerQuestionnaire"),
    *("FormTeam", "RegisterAgent", "GrantSkill", "RevokeSkill", "ChangeAgentLanguages", "ChangeAgentCapacity", "JoinTeam", "LeaveTeam"),
    *("DeactivateAgent", "ReactivateAgent", "RequestAssignment", "AssignCase", "ExtendLease", "UnassignCase", "DeclineAssignment"),
    *("IssueLink", "RevokeLink"),
    *("RegisterPaymentSource", "ChangeSourcePortfolios", "CompletePaymentSource", "CorrectPaymentSource", "PublishCobrosMapping"),
    *("RecordPayment", "RecordPayments", "ImportCobros", "ReversePayment", "UnmatchPayment", "ResolveSuspense"),
    *("PublishWaterfall", "ActivateWaterfall"),
    *("RegisterPerson", "RegisterPersons", "FindPersons", "CorrectIdentity", "RecordIdentifier", "RemoveIdentifier", "RecordResidence"),
    *("FlagPerson", "UnflagPerson", "MergePersons", "UnmergePersons", "DismissMatch", "GiveConsent", "WithdrawConsent", "SetPreference"),
    *("AddContactPoint", "ConfirmContactPoint", "InvalidateContactPoint", "MarkContactPointThirdParty", "SuppressContactPoint"),
    *("ReinstateContactPoint", "CeaseCommunication", "RevokeCease"),
    *("PublishStrategy", "ActivateStrategy", "PauseAutomation", "ResumeAutomation", "OverrideTreatment"),
    *("RequestPermit", "RequestPermits", "ConsumePermit", "ReleasePermit", "ReportAttempt", "ReportAttempts"),
    *("PublishPack", "ActivatePack", "DeactivatePack"),
    *("DraftTemplate", "ApproveTemplate", "RetireTemplate", "MapOutcomeCode", "WithdrawOutcomeCode"),
    *("SendMessage", "ReportDelivery", "RecordInteraction", "RecordOutcome", "CorrectOutcome"),
    *("RetryParked", "RebuildTopic", "RebuildViews", "AdvanceClock"),
}
FLOATS = {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}

each_method = pytest.mark.parametrize("method", methods(), ids=lambda method: method.full_name)
each_mutation = pytest.mark.parametrize("method", mutations(), ids=lambda method: method.full_name)


def rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    # The generated stub does not say whose extension it is.
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[cast(Any, validate_pb2.field)]
    return rules


def test_mutations_are_told_from_questions_by_their_names() -> None:
    assert {method.name for method in mutations()} >= NAMES_OF_MUTATIONS


@each_method
def test_a_method_says_who_may_call_it(method: MethodDescriptor) -> None:
    access = method.GetOptions().Extensions[cast(Any, access_pb2.access)]
    assert access.required_role
    assert access_pb2.ROLE_UNSPECIFIED not in access.required_role


@each_mutation
def test_a_change_has_a_request_id_of_measured_length(method: MethodDescriptor) -> None:
    field = method.input_type.fields_by_name["request_id"]
    rules = rules_of(field).string
    assert field.type == FieldDescriptor.TYPE_STRING
    assert (rules.min_len, rules.max_len) == (1, REQUEST_ID_MAX)


def test_every_text_of_a_request_has_a_length_or_a_format() -> None:
    texts = {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}
    assert {name for name, field in request_fields().items() if field.type in texts and not _is_measured(field)} == set()


def _is_measured(field: FieldDescriptor) -> bool:
    rules = rules_of(field)
    each = rules.repeated.items if field.is_repeated else rules
    texts = each.string if field.type == FieldDescriptor.TYPE_STRING else each.bytes
    # A format by its name (uuid …) confines the length by itself, as a pattern does.
    return bool(texts.HasField("max_len") or texts.HasField("len") or texts.HasField("pattern") or texts.WhichOneof("well_known"))


def test_every_list_of_a_request_has_a_limit() -> None:
    unlimited = {
        name for name, field in request_fields().items() if field.is_repeated and not rules_of(field).repeated.HasField("max_items")
    }
    assert unlimited == set()


def test_every_choice_of_a_request_is_among_the_defined() -> None:
    choices = {name: rules_of(field) for name, field in request_fields().items() if field.type == FieldDescriptor.TYPE_ENUM}
    assert {
        name for name, rules in choices.items() if not (rules.repeated.items if rules.HasField("repeated") else rules).enum.defined_only
    } == set()


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.full_name)
def test_no_number_of_a_message_is_a_float(message: Descriptor) -> None:
    assert [field.name for field in message.fields if field.type in FLOATS] == []


@each_method
def test_each_method_has_a_request_and_a_response_of_its_own(method: MethodDescriptor) -> None:
    """So that a field can be added to one of them later."""
    assert (method.input_type.name, method.output_type.name) == (f"{method.name}Request", f"{method.name}Response")
