"""The verbs of a treatment by everybody else: contacts answers, payments tells of money under way, people take over, the clock comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.kernel.facts import Causation, Change
from services.strategy.application.strategies import ENGINE
from services.strategy.domain import advancing, asking, happenings, heeding, strategies, treatment
from services.strategy.domain.asking import RequestAnswer
from services.strategy.domain.strategies import Strategies
from services.strategy.domain.treatment import Treatment

# Told by others than cases ----------------------------------------------------------


def note_answer(
    tenant_id: str,
    case_id: UUID,
    origin: Causation,
    request_id: UUID,
    answer: RequestAnswer,
    until: datetime | None = None,
    reason_codes: tuple[str, ...] = (),
    interaction_id: UUID | None = None,
) -> Change[Treatment]:
    note = partial(
        asking.note_answer,
        request_id=request_id,
        answer=answer,
        origin=origin,
        until=until,
        reason_codes=reason_codes,
        interaction_id=interaction_id,
    )
    return _heard(tenant_id, case_id, origin, note)


def note_payment_under_way(tenant_id: str, case_id: UUID, origin: Causation, payment_id: UUID, until: datetime | None) -> Change[Treatment]:
    """Payments says it before cases does: the sooner nobody is asked for it, the better."""
    return _heard(tenant_id, case_id, origin, partial(happenings.note_money, origin=origin, money_id=payment_id, until=until))


def settle_payment_under_way(tenant_id: str, case_id: UUID, origin: Causation, payment_id: UUID, reason_code: str) -> Change[Treatment]:
    note = partial(happenings.settle_money, origin=origin, money_id=payment_id, reason_code=reason_code)
    return _heard(tenant_id, case_id, origin, note)


def as_history(change: Change[Any]) -> Change[Any]:
    """What comes of a fact from before our first deployment: it is noted, and nothing is asked of others."""
    return replace(change, decide=partial(change.decide, is_history=True))


def _heard(tenant_id: str, case_id: UUID, origin: Causation, note: Callable[[Treatment], None]) -> Change[Treatment]:
    return _on_strategies(tenant_id, case_id, partial(advancing.hear, origin=origin, note=note, engine=ENGINE))


# Asked by people, and told by the clock ------------------------------------------------


def pause_automation(case_id: UUID, reason_code: str, until: datetime | None) -> Change[Treatment]:
    def decide(live: Treatment) -> None:
        treatment.must_exist(live)
        heeding.pause(live, reason_code, until)

    return Change(Treatment, treatment.stream_of(case_id), decide)


def resume_automation(tenant_id: str, case_id: UUID, reason_code: str) -> Change[Treatment]:
    def decide(live: Treatment, of: Strategies) -> None:
        treatment.must_exist(live)
        heeding.resume(live, reason_code)
        advancing.look_again(live, of, ENGINE)

    return _on_strategies(tenant_id, case_id, decide)


def override_treatment(tenant_id: str, case_id: UUID, step: str, reason_code: str) -> Change[Treatment]:
    return _on_strategies(tenant_id, case_id, partial(advancing.override, step=step, reason_code=reason_code, engine=ENGINE))


def look_again(tenant_id: str, case_id: UUID) -> Change[Treatment]:
    """The clock has come to something, or another version of the strategy is in force."""
    return _on_strategies(tenant_id, case_id, partial(advancing.look_again, engine=ENGINE))


def _on_strategies(tenant_id: str, case_id: UUID, decide: Callable[..., None]) -> Change[Treatment]:
    return Change(Treatment, treatment.stream_of(case_id), decide, given=((Strategies, strategies.stream_of(tenant_id)),))
