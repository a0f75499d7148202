"""Why, of whose hands a case is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import workforce_pb2 as workforce
from google.protobuf.message import Message

from services.cases.api.why.wording import code, word


def _unassigned(fact: told.CaseUnassigned) -> str:
    return word(workforce.UnassignReason.Name(fact.reason), "UNASSIGN_REASON_")


HANDS: Mapping[type[Message], Callable[[Any], str]] = {
    told.AssignmentRequested: lambda fact: code(fact.reason_code),
    told.CaseAssigned: lambda fact: fact.ground.says or code(fact.reason_code),
    told.AssignmentLeaseExtended: lambda fact: "the lease goes on",
    told.CaseUnassigned: _unassigned,
    told.AssignmentDeclined: lambda fact: code(fact.reason_code),
}
