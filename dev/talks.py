"""Calls of the sample's agents: permitted first, recorded with what came of them; some of those who answer promise a date.

Whether a promise is kept is not ours to say: what each customer really paid in that month decides it.
"""

from __future__ import annotations

from datetime import date, timedelta

from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as contact_words

from clients.cli.connection import Doors
from clients.cli.files import wire_date
from clients.cli.stepping import settle

SEGMENT = "personal_call"
CALLS_A_MONTH = 24
PROMISED_PART, PROMISED_LEAST = 20, 50_000
"""One twentieth of the balance, and no less than 500.00."""
PAID_WITHIN_DAYS = 12
GRACE_DAYS = 2
TOLERANCE_BASIS_POINTS = 500
AGENCY = "agency-north"


async def call(doors: Doors, portfolio_id: str, today: date) -> None:
    """A morning of calls: one permit, one call, one outcome each."""
    found = await doors.cases.ListCases(cases.ListCasesRequest(portfolio_id=portfolio_id, segment=SEGMENT, page_size=CALLS_A_MONTH))
    for case in found.cases:
        await _call_one(doors, case, today)
    await settle(doors)


async def _call_one(doors: Doors, case: cases.CaseSummary, today: date) -> None:
    person_id, owed = await debtor_and_debt(doors, case.case_id)
    # The creditor's balance knows purchases that our ledger does not: nobody promises more than the ledger says.
    amount = min(max(PROMISED_LEAST, owed // PROMISED_PART), owed)
    if amount <= 0:
        return
    name = f"play/{today}/{case.external_ref}"
    wanted = permits.ContactWanted(
        person_id=person_id,
        case_id=case.case_id,
        channel=contact_words.CHANNEL_CALL,
        purpose=contact_words.PURPOSE_COLLECTION,
        mode="preview",
    )
    permit = await doors.permits.RequestPermit(permits.RequestPermitRequest(request_id=name, contact=wanted))
    if permit.answer != permits.PERMIT_ANSWER_GRANTED:
        return
    spoken = await _record(doors, name, case.case_id, person_id, permit.permit_id, "PROMISE")
    await promise(doors, name, case.case_id, person_id, today + timedelta(days=PAID_WITHIN_DAYS), amount, spoken)


async def report_of_an_agency(doors: Doors, case_id: str, name: str) -> None:
    """An agency tells us of a call that nobody permitted: a breach, counted like any other contact, never refused."""
    person_id, _ = await debtor_and_debt(doors, case_id)
    await _record(doors, name, case_id, person_id, "", "RIGHT_PARTY", reported_by=AGENCY)


async def _record(doors: Doors, name: str, case_id: str, person_id: str, permit_id: str, code: str, reported_by: str = "") -> str:
    recorded = await doors.messages.RecordInteraction(
        messages.RecordInteractionRequest(
            request_id=name,
            case_id=case_id,
            person_id=person_id,
            channel=contact_words.CHANNEL_CALL,
            direction=contact_words.DIRECTION_OUT,
            purpose=contact_words.PURPOSE_COLLECTION,
            permit_id=permit_id,
            code=code,
            flags=[messages.OUTCOME_FLAG_HUMAN, messages.OUTCOME_FLAG_RIGHT_PARTY],
            duration_seconds=240,
            reported_by=reported_by,
        )
    )
    return recorded.interaction_id


async def promise(doors: Doors, name: str, case_id: str, person_id: str, on: date, minor_units: int, spoken: str = "") -> str:
    """The promise's id."""
    case = (await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id))).case
    amount = Money(currency_code=case.balance.currency_code, minor_units=minor_units)
    made = await doors.promises.MakePromise(
        promises.MakePromiseRequest(
            request_id=name,
            case_id=case_id,
            parts=[promises.PromisePart(date=wire_date(on), amount=amount)],
            tolerance=promises.PromiseTolerance(basis_points=TOLERANCE_BASIS_POINTS),
            grace_days=GRACE_DAYS,
            attempt_id=spoken,
            made_with=person_id,
        )
    )
    return made.promise_id


async def debtor_and_debt(doors: Doors, case_id: str) -> tuple[str, int]:
    """Who owes, and how much by our ledger, in minor units."""
    case = (await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id))).case
    owed = sum(component.amount.minor_units for debt in case.debts for component in debt.components)
    return case.parties[0].person_id, owed
