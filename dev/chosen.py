"""The chosen case: one promise is kept, its debit comes back, it is un-kept; and at night nobody is written to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import types_pb2 as contact_words
from acuerdo.payments.v1 import links_pb2 as links

from clients.cli.connection import Doors
from clients.cli.stepping import advance, settle
from dev.money import Payers, pay
from dev.talks import debtor_and_debt, promise, report_of_an_agency

PROMISED_MINOR_UNITS = 150_000
DUE_AFTER_DAYS = 3
COMES_BACK_AFTER_DAYS = 6
NIGHT = time(23, 30)
CARD = "comes-back"
"""Of the sandbox: pays, and its debit comes back five days later."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was played with the case."""

    case_id: str
    ref: str
    person_id: str
    before_the_return: str
    """An instant at which the promise was known as kept."""
    denied_permit: str
    """The decision of the night."""


async def play_chosen(doors: Doors, portfolio_id: str, ref: str, last_day: date, zone: ZoneInfo, provider: str, mail: Path) -> Chosen:
    """From the morning after `last_day` on; a week of it."""
    found = await doors.cases.ListCases(cases.ListCasesRequest(portfolio_id=portfolio_id, external_ref=ref))
    case_id = found.cases[0].case_id
    person_id, _ = await debtor_and_debt(doors, case_id)
    today = last_day + timedelta(days=1)
    promise_id = await promise(
        doors, "play/chosen/promise", case_id, person_id, today + timedelta(days=DUE_AFTER_DAYS), PROMISED_MINOR_UNITS
    )
    await report_of_an_agency(doors, case_id, "play/chosen/agency")
    link = await doors.links.IssueLink(
        links.IssueLinkRequest(
            request_id="play/chosen/link",
            case_id=case_id,
            person_id=person_id,
            amount=links.AmountAsked(kind=links.AMOUNT_RULE_KIND_PROMISE, promise_id=promise_id),
        )
    )
    payers = Payers(mail, provider)
    if link.url:  # told once: a play that was interrupted here has paid already
        async with httpx.AsyncClient(follow_redirects=True, timeout=30) as browser:
            await pay(browser, link.url, CARD)
    await payers.until_told(datetime.combine(today, time(9), zone))
    await settle(doors)
    before = datetime.combine(today + timedelta(days=DUE_AFTER_DAYS + 1), time(12), zone)
    await advance(doors, before)
    back = datetime.combine(today + timedelta(days=COMES_BACK_AFTER_DAYS), time(9), zone)
    await advance(doors, back)
    await payers.until_told(back)
    await settle(doors)
    denied = await _write_at_night(doors, case_id, person_id, datetime.combine(back.date(), NIGHT, zone))
    return Chosen(case_id, ref, person_id, before.isoformat(), denied)


async def _write_at_night(doors: Doors, case_id: str, person_id: str, at: datetime) -> str:
    """The decision's id: no, and when it would be yes."""
    await advance(doors, at)
    answer = await doors.messages.SendMessage(
        messages.SendMessageRequest(
            request_id="play/chosen/at-night",
            case_id=case_id,
            person_id=person_id,
            template="first-reminder",
            channel=contact_words.CHANNEL_EMAIL,
            purpose=contact_words.PURPOSE_REMINDER,
            wants_link=True,
        )
    )
    await settle(doors)
    return answer.permit_id
