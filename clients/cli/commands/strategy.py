"""`acuerdo strategy`: what is done with a case, step by step: published, put into force, and why each thing was done."""

from __future__ import annotations

from pathlib import Path

from acuerdo.strategy.v1 import service_pb2 as service
from acuerdo.strategy.v1 import strategies_pb2 as strategies
from acuerdo.strategy.v1 import treatments_pb2 as treatments
from acuerdo.strategy.v1 import types_pb2 as types
from cyclopts import App
from rich.syntax import Syntax
from rich.text import Text

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import INVALID, Failure, usage
from clients.cli.lookup import case_id_of
from clients.cli.reading import instant_or_none, member, new_id
from clients.cli.strategy_blocks import STRATEGY_WORDS, decision_block, decisions_block, findings_block, position_block

DECISIONS_PAGE_SIZE = 200

app = App(name="strategy", help="What is done with a case, step by step. CASE is its id, or the client's reference of it.")


@app.command
async def check(file: Path, *, ask: Asking = ASKING) -> None:
    """What is wrong with a strategy; stores nothing.

    Parameters
    ----------
    file
        The graph, YAML or JSON (docs/guide-strategy.md).
    """
    async with ask.doors() as doors:
        answer = await doors.strategy.ValidateStrategy(strategies.ValidateStrategyRequest(document=_content(file)))
    ask.answer(answer, findings_block(answer, ask.lang))
    if answer.findings:
        raise Failure(INVALID, STRATEGY_WORDS[ask.lang].unsound.format(number=len(answer.findings)), "STRATEGY_IS_UNSOUND")


@app.command
async def publish(file: Path, *, activate: bool = False, ask: Asking = ASKING) -> None:
    """Check a strategy whole and store it as the next version.

    Parameters
    ----------
    file
        The graph, YAML or JSON (docs/guide-strategy.md).
    activate
        Treat cases by it from now on; those under way finish the step they are at.
    """
    request = strategies.PublishStrategyRequest(request_id=new_id(), document=_content(file))
    async with ask.doors() as doors:
        answer = await doors.strategy.PublishStrategy(request)
        if activate:
            await doors.strategy.ActivateStrategy(strategies.ActivateStrategyRequest(request_id=new_id(), version=answer.version))
    ask.answer({"version": answer.version, "is_active": activate}, ask.words.published_as.format(version=answer.version))


@app.command(name="activate")
async def activate_version(
    version: int, *, migration: str = "finish-step", jump: tuple[str, ...] = (), reason: str = "", ask: Asking = ASKING
) -> None:
    """Treat cases by this version from now on.

    Parameters
    ----------
    version
        1, 2, 3 …
    migration
        What becomes of the cases under way: finish-step, restart or jump.
    jump
        From which step to which, e.g. remind:remind_again; for jump. May be said several times.
    reason
        Why, as a code: FEWER_LETTERS.
    """
    request = strategies.ActivateStrategyRequest(
        request_id=new_id(),
        version=version,
        migration=member(types.Migration, migration, "--migration"),
        jumps=[_jump(each) for each in jump],
        reason_code=reason,
    )
    async with ask.doors() as doors:
        answer = await doors.strategy.ActivateStrategy(request)
    ask.answer(answer, STRATEGY_WORDS[ask.lang].activated.format(version=version))


@app.command
async def show(case: str = "", *, version: int = 0, portfolio: str = "", ask: Asking = ASKING) -> None:
    """The strategy in force; of a case: where it stands, and what it waits for.

    Parameters
    ----------
    case
        Its id, or the client's reference of it; else the strategy itself is shown.
    version
        Of the strategy: 1, 2, 3 …; 0 is the one in force.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        if case:
            case_id = await case_id_of(doors, case, portfolio)
            found = await doors.strategy.GetTreatment(service.GetTreatmentRequest(case_id=case_id))
            ask.answer(found, position_block(found.treatment, ask.lang))
            return
        answer = await doors.strategy.GetStrategy(strategies.GetStrategyRequest(version=version))
    text = answer.document.decode("utf-8", errors="replace")
    heading = Text.assemble((answer.name, "bold"), f"  {answer.version}/{answer.latest_version}", "  ✓" if answer.is_active else "")
    ask.answer(answer, heading, Syntax(text, "yaml", background_color="default", word_wrap=True))


@app.command
async def decisions(case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Everything that was decided about a case, oldest first.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    whole = treatments.ListDecisionsResponse()
    request = treatments.ListDecisionsRequest(page_size=DECISIONS_PAGE_SIZE)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        while True:
            answer = await doors.strategy.ListDecisions(request)
            whole.decisions.extend(answer.decisions)
            request.page_token = answer.next_page_token
            if not request.page_token:
                break
    ask.answer(whole, decisions_block(whole, ask.lang))


@app.command
async def explain(case: str, decision: str = "", *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Why something was decided: what was seen, what could have been chosen; decided again, the same.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    decision
        Its id, as `decisions` shows it; else the last one.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        decision_id = decision
        if not decision_id:
            listed = await doors.strategy.ListDecisions(treatments.ListDecisionsRequest(case_id=case_id, page_size=DECISIONS_PAGE_SIZE))
            if not listed.decisions:
                raise usage(STRATEGY_WORDS[ask.lang].nothing_decided)
            decision_id = listed.decisions[-1].decision_id
        answer = await doors.strategy.ExplainDecision(treatments.ExplainDecisionRequest(case_id=case_id, decision_id=decision_id))
    ask.answer(answer, decision_block(answer, ask.lang))


@app.command
async def pause(case: str, reason: str, *, until: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Take a case over: the strategy asks for nothing until it is resumed.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    reason
        Why, as a code: TALKING_TO_THEM.
    until
        When the strategy goes on by itself; else when somebody says so.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = treatments.PauseAutomationRequest(request_id=new_id(), reason_code=reason, until=instant_or_none(until, "--until"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.strategy.PauseAutomation(request)
    ask.answer(answer, STRATEGY_WORDS[ask.lang].paused)


@app.command
async def resume(case: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Hand a case back to the strategy.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    reason
        Why, as a code: DONE.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = treatments.ResumeAutomationRequest(request_id=new_id(), reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.strategy.ResumeAutomation(request)
    ask.answer(answer, STRATEGY_WORDS[ask.lang].resumed)


@app.command
async def override(case: str, step: str, reason: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Put a case to another step of the strategy.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    step
        Name of the step.
    reason
        Why, as a code: ASKED_FOR_A_LETTER.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = treatments.OverrideTreatmentRequest(request_id=new_id(), step=step, reason_code=reason)
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.strategy.OverrideTreatment(request)
    ask.answer(answer, STRATEGY_WORDS[ask.lang].overridden.format(step=step))


def _jump(said: str) -> types.Jump:
    from_step, _, to_step = said.partition(":")
    if not from_step or not to_step:
        raise usage(f"--jump {said}: say it as from:to")
    return types.Jump(from_step=from_step, to_step=to_step)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise usage(f"{file} cannot be read: {(error.strerror or type(error).__name__).lower()}") from error
