"""Why a scope is stopped on a day, or is not: the holds that stop it, as they were placed, extended and lifted."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from acuerdo.cases.v1 import explain_pb2 as pb

from services.cases.api.because import rules
from services.cases.api.because.chain import Chain
from services.cases.api.desk import Moment
from services.cases.api.stops import wire_effect
from services.cases.api.why import code
from services.cases.domain.holds import Effect, Hold, HoldExpired, HoldExtended, HoldLifted, HoldPlaced, HoldScope
from services.chassis.rpc import words


def explain(at: Moment, scope: HoldScope, chain: Chain) -> pb.ExplainHoldEffectResponse:
    effect = at.case.holds.effect(scope, at.as_of)
    acting = [*effect.of_case, *effect.of_debts, *effect.of_parts]
    # Where nothing is stopped, what says so are the holds that would have stopped it on other days.
    grounds = acting or [hold for hold in at.case.holds.by_id.values() if scope in hold.scopes]
    return pb.ExplainHoldEffectResponse(
        is_stopped=effect.is_stopped,
        effect=wire_effect(effect),
        grounds=grounds_of({hold.id for hold in grounds}, chain),
        rules=[rules.holds(at.case.terms.today(at.known_at))],
        sentence=_sentence(at, scope, effect),
        as_of=words.wire_date(at.as_of),
        as_known_at=words.timestamp(at.known_at),
    )


def grounds_of(hold_ids: set[UUID], chain: Chain) -> list[pb.Ground]:
    """Everything that happened to these holds, in order."""
    return [
        link.ground()
        for link in chain.links
        if isinstance(link.fact, HoldPlaced | HoldExtended | HoldLifted | HoldExpired) and link.fact.hold_id in hold_ids
    ]


def _sentence(at: Moment, scope: HoldScope, effect: Effect) -> str:
    of = code(scope.name) if scope is not HoldScope.DPD else "the count of days past due"
    parts = [
        *_of("for one debt", effect.of_debts),
        *_of("for a part of one debt", effect.of_parts),
    ]
    if effect.is_stopped:
        until = f"until before {effect.until}" if effect.until else "until further notice"
        return f"On {at.as_of} {of} is stopped for the whole case by {_named(effect.of_case)}, {until}{_beside(parts)}."
    if parts:
        return f"On {at.as_of} {of} is not stopped for the whole case, but {' and '.join(parts)}."
    others = [hold for hold in at.case.holds.by_id.values() if scope in hold.scopes]
    if not others:
        return f"On {at.as_of} {of} is not stopped: no hold of this case has ever stopped it."
    return f"On {at.as_of} {of} is not stopped: {'; '.join(_other_days(hold) for hold in others)}."


def _of(what: str, holds: tuple[Hold, ...]) -> Iterable[str]:
    if holds:
        yield f"{what} by {_named(holds)}"


def _beside(parts: list[str]) -> str:
    return f"; besides {' and '.join(parts)}" if parts else ""


def _named(holds: Iterable[Hold]) -> str:
    return ", ".join(f"{_kind(hold)} (v{hold.version})" for hold in holds)


def _other_days(hold: Hold) -> str:
    last = hold.last_day
    if last is not None and last < hold.from_:
        return f"{_kind(hold)} (v{hold.version}) never held"
    return f"{_kind(hold)} (v{hold.version}) holds from {hold.from_}{f' through {last}' if last else ''}"


def _kind(hold: Hold) -> str:
    return f"a hold for {code(hold.kind.name)}"
