"""`acuerdo dossier`: what is known of a debtor's situation, by whom and how surely; and who has read it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from acuerdo.cases.v1 import dossier_pb2 as dossier
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.connection import Doors
from clients.cli.dossier_blocks import Amounts, dossier_block, facts_block, readings_block
from clients.cli.dossier_words import DOSSIER_WORDS
from clients.cli.lookup import case_id_of
from clients.cli.reading import day_or_none, instant_or_none, member, new_id

app = App(
    name="dossier",
    help="What is known of people's situation (ficha): facts with source and confidence. CASE is its id, or the client's reference of it.",
)

PAGE_ROWS = 200

History = Annotated[bool, Parameter(negative="")]


@app.command
async def show(
    case: str, purpose: str, *, as_known_at: str | None = None, history: History = False, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """What is known, with what contradicts it. The reading is recorded.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    purpose
        Code of why it is read, e.g. CALL_PREPARATION.
    as_known_at
        What we knew at that instant; else all we know.
    history
        Also what stood before: superseded, retracted or expired.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    known = instant_or_none(as_known_at, "--as-known-at")
    request = dossier.GetDossierRequest(request_id=new_id(), purpose=purpose, as_known_at=known, with_history=history)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetDossier(request)
        amounts: Amounts = {} if ask.json else await _amounts(doors, answer)
    ask.answer(answer, dossier_block(answer, amounts, ask.words))


@app.command
async def record(
    case: str,
    key: str,
    value: str,
    source: str,
    *,
    confidence: str = "stated",
    person: str = "",
    instead_of: str = "",
    through: str | None = None,
    interaction: str = "",
    at: str | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Record a fact of a person's situation.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    key
        What it is about, e.g. employment, reason_for_default, note.
    value
        What is known; stored sealed.
    source
        How we know, e.g. debtor, payslip, credit_bureau.
    confidence
        stated, documented or verified.
    person
        Id of the person it is about; else the case's debtor.
    instead_of
        Id of the fact whose place it takes.
    through
        Last day on which it is taken as true; else until further notice.
    interaction
        Id of the contact in which it was learnt.
    at
        When it was learnt; else now.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = cases.RecordFactRequest(
        request_id=new_id(),
        key=key,
        value=value,
        source=source,
        confidence=member(types.Confidence, confidence, "--confidence"),
        subject_id=person,
        supersedes_fact_id=instead_of,
        valid_through=day_or_none(through, "--through"),
        interaction_id=interaction,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RecordFact(request)
    ask.answer(answer, DOSSIER_WORDS[ask.lang].recorded.format(id=answer.fact_id))


@app.command
async def retract(case: str, fact_id: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """A fact is not so: it no longer counts.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    fact_id
        Id of the fact, as `acuerdo dossier facts` shows it.
    reason
        Code of the reason, e.g. RECORDED_IN_ERROR.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = cases.RetractFactRequest(request_id=new_id(), fact_id=fact_id, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.RetractFact(request)
    ask.answer(answer, DOSSIER_WORDS[ask.lang].retracted_now)


@app.command
async def facts(case: str, purpose: str, *, key: str = "", history: History = False, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The facts one by one, as stored, with their ids. The reading is recorded.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    purpose
        Code of why they are read, e.g. CALL_PREPARATION.
    key
        Only those about this, e.g. employment.
    history
        Also what was superseded or retracted.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = cases.ListFactsRequest(request_id=new_id(), purpose=purpose, key=key, with_history=history)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.ListFacts(request)
    ask.answer(answer, facts_block(answer.facts, ask.words))


@app.command
async def readings(case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Who has read personal data of the case, when, and what for: for compliance and auditors.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    whole = dossier.ListReadingsResponse()
    async with ask.doors() as doors:
        request = dossier.ListReadingsRequest(case_id=await case_id_of(doors, case, portfolio), page_size=PAGE_ROWS)
        while True:
            page = await doors.cases.ListReadings(request)
            whole.readings.extend(page.readings)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(whole, readings_block(whole.readings, ask.words))


async def _amounts(doors: Doors, answer: dossier.GetDossierResponse) -> Amounts:
    """Which answers are amounts is known by the questions: they are stored in minor units, which nobody reads as money."""
    facts = [fact for entry in answer.entries for fact in (entry.counts, *entry.contradictions, *entry.history)]
    asked = sorted({(fact.questionnaire_id, fact.questionnaire_number) for fact in facts if fact.questionnaire_id})
    requests = [dossier.GetQuestionnaireRequest(questionnaire_id=questionnaire_id, number=number) for questionnaire_id, number in asked]
    found = await asyncio.gather(*(doors.cases.GetQuestionnaire(request) for request in requests))
    return {
        each: frozenset(question.key for question in one.questions if question.kind == dossier.ANSWER_KIND_AMOUNT)
        for each, one in zip(asked, found, strict=True)
    }
