"""`acuerdo questionnaire`: what debtors are asked, in numbered publications, and what they answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from acuerdo.cases.v1 import dossier_pb2 as dossier
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.dossier_blocks import questionnaire_block
from clients.cli.dossier_words import DOSSIER_WORDS
from clients.cli.lookup import case_id_of
from clients.cli.questionnaires import read_answers, read_questionnaire
from clients.cli.reading import instant_or_none, new_id

app = App(name="questionnaire", help="What debtors are asked (cuestionarios). CASE is its id, or the client's reference of it.")


@app.command
async def publish(file: Path, *, name: str = "", ask: Asking = ASKING) -> None:
    """Publish the questions of a file under the next number. The same questions again: the same number.

    Parameters
    ----------
    file
        YAML or JSON, as data/README.md describes it.
    name
        Name of the questionnaire, e.g. situation; else the one in the file, else the file's own.
    """
    named, questions = read_questionnaire(file)
    request = dossier.PublishQuestionnaireRequest(request_id=new_id(), name=name or named or file.stem, questions=questions)
    async with ask.doors() as doors:
        answer = await doors.cases.PublishQuestionnaire(request)
    ask.answer(answer, DOSSIER_WORDS[ask.lang].published.format(id=answer.questionnaire_id, number=answer.number))


@app.command
async def retire(questionnaire: str, reason: str, *, ask: Asking = ASKING) -> None:
    """It is no longer asked; what was answered stays known.

    Parameters
    ----------
    questionnaire
        Its id.
    reason
        Code of the reason, e.g. REPLACED.
    """
    request = dossier.RetireQuestionnaireRequest(request_id=new_id(), questionnaire_id=questionnaire, reason_code=reason)
    async with ask.doors() as doors:
        answer = await doors.cases.RetireQuestionnaire(request)
    ask.answer(answer, DOSSIER_WORDS[ask.lang].retired_now)


@app.command
async def show(questionnaire: str, *, number: int = 0, case: str = "", portfolio: str = "", ask: Asking = ASKING) -> None:
    """Its questions; for a case, without those that the law of its place forbids.

    Parameters
    ----------
    questionnaire
        Its id.
    number
        Which publication: 1, 2, 3 …; 0 is the newest.
    case
        For this case (its id, or the client's reference of it).
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = dossier.GetQuestionnaireRequest(questionnaire_id=questionnaire, number=number)
    async with ask.doors() as doors:
        if case:
            request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetQuestionnaire(request)
    ask.answer(answer, questionnaire_block(answer, ask.words, is_for_a_case=bool(case)))


@app.command(name="answer")
async def answer_(
    case: str,
    questionnaire: str,
    answers: Annotated[list[str], Parameter(negative="")],
    *,
    number: int = 0,
    person: str = "",
    interaction: str = "",
    at: str | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """Record what somebody answered; each answer becomes a fact of the dossier.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    questionnaire
        Id of the questionnaire.
    answers
        Each as name=value: works=yes "income=1200.00 EUR" since=2026-03-10 reason=unemployment.
    number
        The publication that was asked: 1, 2, 3 …; 0 is the newest.
    person
        Id of the person who answered; else the case's debtor.
    interaction
        Id of the contact in which it was asked.
    at
        When it was answered; else now.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    when = instant_or_none(at, "--at")
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        # By the questions it is known how an answer is written, and which publication the newest is.
        asked = await doors.cases.GetQuestionnaire(
            dossier.GetQuestionnaireRequest(questionnaire_id=questionnaire, number=number, case_id=case_id)
        )
        request = dossier.AnswerQuestionnaireRequest(
            request_id=new_id(),
            case_id=case_id,
            questionnaire_id=questionnaire,
            number=asked.number,
            answers=read_answers(answers, asked.questions),
            person_id=person,
            interaction_id=interaction,
            occurred_at=when,
        )
        answer = await doors.cases.AnswerQuestionnaire(request)
    ask.answer(answer, DOSSIER_WORDS[ask.lang].answered.format(count=len(request.answers), number=asked.number))
