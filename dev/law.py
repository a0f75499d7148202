"""LAW: what was allowed and what was not, counted at the source: every decision about a contact is a fact of contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from acuerdo.common.v1 import log_pb2 as log
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.connection import Doors
from clients.cli.frames import table_frame
from clients.cli.words import Lang
from dev.says import SAYS

FACTS = (
    *("ContactPermitGranted", "ContactPermitDeferred", "ContactPermitDenied", "AttemptOutsidePermitRecorded"),
    *("AttemptDispatched", "HoldHeeded"),
)
_PACKAGE = "acuerdo.contacts.v1"


@dataclass
class Law:
    """Counts over the whole history."""

    allowed: int = 0
    put_off: Counter[str] = field(default_factory=Counter)
    """By the first reason, with its basis in law or policy: not now, and when instead."""
    denied: Counter[str] = field(default_factory=Counter)
    cites: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    breaches: int = 0
    holds: int = 0
    after_a_hold: int = 0
    """Contacts made between a hold and its being heeded."""


async def law(doors: Doors) -> Law:
    found = Law()
    async for event in _told(doors):
        kind = event.WhichOneof("event")
        fact: Any = getattr(event, kind)
        match kind:
            case "contact_permit_granted":
                found.allowed += 1
            case "contact_permit_deferred":
                _count(found, found.put_off, fact)
            case "contact_permit_denied":
                _count(found, found.denied, fact)
            case "attempt_outside_permit_recorded":
                found.breaches += 1
            case "attempt_dispatched":
                found.sent += 1
            case "hold_heeded":
                found.holds += 1
                found.after_a_hold += len(fact.contacts_between)
    return found


def _count(found: Law, where: Counter[str], fact: Any) -> None:
    for reason in fact.decision.reasons[:1]:
        where[reason.code] += 1
        found.cites[reason.code] = reason.cite


async def _told(doors: Doors) -> AsyncIterator[ContactEvent]:
    request = log.ReplayRequest(types=[f"{_PACKAGE}.{name}" for name in FACTS])
    async for chunk in doors.log("contacts").Replay(request):
        for record in chunk.records:
            yield ContactEvent.FromString(record.event)


def law_block(found: Law, lang: Lang) -> RenderableType:
    says, table = SAYS[lang], table_frame()
    for name, right in ((says.contacts, False), (says.count, True), (says.rule, False)):
        table.add_column(name, justify="right" if right else "left")
    table.add_row(Text(says.allowed, style="green"), money.count(found.allowed, lang), "")
    for outcome, reasons in ((says.put_off, found.put_off), (says.denied, found.denied)):
        for code, count in reasons.most_common():
            table.add_row(f"{outcome}: {code.lower().replace('_', ' ')}", money.count(count, lang), Text(found.cites[code], style="dim"))
    table.add_row(says.sent, money.count(found.sent, lang), "")
    table.add_row(says.breaches, money.count(found.breaches, lang), Text(says.breaches_why, style="dim"))
    style = "green" if not found.after_a_hold else "red"
    after = says.after_a_hold.format(holds=money.count(found.holds, lang))
    table.add_row(after, Text(money.count(found.after_a_hold, lang), style=style), "")
    return Group(table)
