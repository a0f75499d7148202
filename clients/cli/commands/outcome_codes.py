"""`acuerdo interaction codes`: by what codes it is recorded what came of a contact."""

from __future__ import annotations

from typing import Annotated

from acuerdo.contacts.v1 import messages_pb2 as messages
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.interaction_blocks import codes_block
from clients.cli.message_words import MESSAGE_WORDS
from clients.cli.reading import member, new_id

app = App(name="codes", help="Codes of outcomes (tipificaciones): the core set, and your own.")


@app.command(name="list")
async def list_(*, ask: Asking = ASKING) -> None:
    """All codes that may be recorded, with what each stands for."""
    async with ask.doors() as doors:
        answer = await doors.messages.ListOutcomeCodes(messages.ListOutcomeCodesRequest())
    ask.answer(answer, codes_block(answer.codes, ask.words))


@app.command(name="map")
async def map_(
    code: str, outcome: str, *, flag: Annotated[list[str] | None, Parameter(negative="")] = None, label: str = "", ask: Asking = ASKING
) -> None:
    """A code of your own stands for one of the core set from now on.

    Parameters
    ----------
    code
        Your own code, e.g. PTP_WEB.
    outcome
        The core outcome it stands for, e.g. promise, no-answer, right-party.
    flag
        What is so besides: human, right-party, third-party, promise, refusal, dispute, vulnerable, callback, unworkable, do-not-contact.
    label
        What people call it.
    """
    request = messages.MapOutcomeCodeRequest(
        request_id=new_id(),
        code=code.upper().replace("-", "_"),
        outcome=member(messages.Outcome, outcome, "OUTCOME"),
        flags=[member(messages.OutcomeFlag, each, "--flag") for each in flag or ()],
        label=label,
    )
    async with ask.doors() as doors:
        answer = await doors.messages.MapOutcomeCode(request)
    ask.answer(answer, MESSAGE_WORDS[ask.lang].mapped.format(code=request.code))


@app.command
async def withdraw(code: str, *, ask: Asking = ASKING) -> None:
    """A code of your own is refused from now on.

    Parameters
    ----------
    code
        The code.
    """
    request = messages.WithdrawOutcomeCodeRequest(request_id=new_id(), code=code.upper().replace("-", "_"))
    async with ask.doors() as doors:
        answer = await doors.messages.WithdrawOutcomeCode(request)
    ask.answer(answer, MESSAGE_WORDS[ask.lang].withdrawn.format(code=request.code))
