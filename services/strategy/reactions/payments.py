"""Told by payments: money that is under way. What it comes to is heard from cases, which knows what counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from acuerdo.payments.v1 import events_pb2 as payments
from google.protobuf.message import Message

from services.chassis.heard import Heard, Reaction
from services.chassis.rpc import words
from services.kernel.facts import Change
from services.strategy import application
from services.strategy.domain.treatment import Treatment

Changes = Iterable[Change[Treatment]]


def note_payment_under_way(heard: Heard[payments.PaymentInitiated]) -> Changes:
    fact = heard.fact
    until = words.instant_or_none(fact, "times_out_at")
    yield application.note_payment_under_way(heard.tenant_id, UUID(bytes=fact.case_id), heard.origin, UUID(bytes=fact.payment_id), until)


def settle_failed_payment(heard: Heard[payments.PaymentFailed]) -> Changes:
    yield _settled(heard, "FAILED")


def settle_lost_payment(heard: Heard[payments.PaymentTimedOut]) -> Changes:
    yield _settled(heard, "TIMED_OUT")


def _settled(heard: Heard[Any], reason_code: str) -> Change[Treatment]:
    fact = heard.fact
    return application.settle_payment_under_way(
        heard.tenant_id, UUID(bytes=fact.case_id), heard.origin, UUID(bytes=fact.payment_id), reason_code
    )


FACTS: dict[type[Message], Reaction] = {
    payments.PaymentInitiated: note_payment_under_way,
    payments.PaymentFailed: settle_failed_payment,
    payments.PaymentTimedOut: settle_lost_payment,
}
