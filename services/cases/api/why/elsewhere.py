"""Why, of what other services did and decided: contacts, permits, treatments, money on its way, holds they have acted on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from acuerdo.cases.v1 import heeding_pb2 as heeding
from acuerdo.cases.v1 import recorded_pb2 as pb
from acuerdo.contacts.v1 import types_pb2 as contacts
from google.protobuf.message import Message

from services.cases.api.why.wording import code, counted, day, money, word


def _channel(channel: contacts.Channel) -> str:
    return word(contacts.Channel.Name(channel), "CHANNEL_") if channel else "no channel"


def _purpose(purpose: contacts.Purpose) -> str:
    return word(contacts.Purpose.Name(purpose), "PURPOSE_") if purpose else "no purpose"


def _state(state: pb.InteractionState) -> str:
    return word(pb.InteractionState.Name(state), "INTERACTION_STATE_")


def _outcome(name: str, flags: Iterable[str]) -> str:
    said = ", ".join(code(flag) for flag in flags)
    return f": {code(name)}{f' ({said})' if said else ''}" if name else f" ({said})" if said else ""


def _interaction(fact: pb.InteractionRecorded) -> str:
    direction = "from us" if fact.direction == contacts.DIRECTION_OUT else "to us"
    breach = ", outside any permit" if fact.is_breach else ""
    return f"{_channel(fact.channel)} {direction}, {_state(fact.state)}{_outcome(fact.code, fact.flags)}{breach}"


def _permit(fact: pb.PermitRecorded) -> str:
    what = f"{_channel(fact.channel)} for {_purpose(fact.purpose)}: " if fact.channel else ""
    why = f" ({', '.join(code(each) for each in fact.reason_codes)})" if fact.reason_codes else ""
    after = f", not before {fact.next_allowed_at.ToJsonString()}" if fact.HasField("next_allowed_at") else ""
    return f"{what}{word(pb.PermitVerdict.Name(fact.verdict), 'PERMIT_VERDICT_')}{why}{after}"


def _treatment(fact: pb.TreatmentRecorded) -> str:
    by = f"step {fact.step} of strategy {fact.strategy_version}"
    if fact.kind == pb.TREATMENT_KIND_HAND_TO_AGENT:
        return f"{by}: for an agent"
    return f"{by}: {_channel(fact.channel)} for {_purpose(fact.purpose)}"


def _on_its_way(fact: pb.MoneyOnItsWayNoted) -> str:
    if fact.kind == pb.MONEY_KIND_PAYMENT:
        return f"a payment of {money(fact.amount)} is under way"
    return f"{money(fact.amount)} with value date {day(fact.value_date)} may be for this case"


def _acknowledged(fact: heeding.HoldAcknowledged) -> str:
    between = f"; {counted(len(fact.contacts_between), 'contact')} made meanwhile" if fact.contacts_between else ""
    return f"{fact.service} has acted on it, {fact.stopped} stopped{between}"


ELSEWHERE: Mapping[type[Message], Callable[[Any], str]] = {
    pb.InteractionRecorded: _interaction,
    pb.OutcomeRevised: lambda fact: f"{_state(fact.state)}{_outcome(fact.code, fact.flags)}",
    pb.PermitRecorded: _permit,
    pb.TreatmentRecorded: _treatment,
    pb.MoneyOnItsWayNoted: _on_its_way,
    pb.MoneyOnItsWaySettled: lambda fact: code(fact.reason_code),
    heeding.HoldAcknowledged: _acknowledged,
    heeding.HoldAcknowledgementMissed: lambda fact: f"{', '.join(fact.services)} did not act on it in time",
}
