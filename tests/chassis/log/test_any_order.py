"""Many workers at once on few streams, names and requests: what they are told, they would be told one after the other in some order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.units import ClaimedByAnother, Conflict, RefusedBefore, RequestIdReused, Stored
from services.kernel.facts import Change
from services.kernel.refusal import Refusal
from tests.chassis.log.ledgers import a_log, adding, asked, is_sound, named, opening, prepare, query, shutting

WORKERS = 3
"""Each with a memory of its own, as replicas have."""
LEDGERS_AT_ONCE, NAMES, REQUESTS = 2, 2, 3


# What is asked -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One call: `kind` is open, add, shut or look (an add that only looks at another ledger)."""

    worker: int
    kind: str
    ledger: int
    name: int = 0
    amount: int = 1
    request: int | None = None
    """One of a few request ids that calls share; None: its own."""
    etag: int | None = None


def one_asked() -> st.SearchStrategy[Asked]:
    return st.builds(
        Asked,
        worker=st.integers(0, WORKERS - 1),
        kind=st.sampled_from(["open", "add", "add", "add", "shut", "look"]),
        ledger=st.integers(0, LEDGERS_AT_ONCE - 1),
        name=st.integers(0, NAMES - 1),
        amount=st.integers(1, 2),
        request=st.none() | st.integers(0, REQUESTS - 1),
        etag=st.none() | st.integers(1, 3),
    )


ROUNDS = st.lists(st.lists(one_asked(), min_size=2, max_size=5), min_size=1, max_size=4)


# What one after the other would be told ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ledgers:
    """The state: immutable, so that orders can be tried."""

    versions: tuple[int, ...] = (0,) * LEDGERS_AT_ONCE
    totals: tuple[int, ...] = (0,) * LEDGERS_AT_ONCE
    names: tuple[int | None, ...] = (None,) * LEDGERS_AT_ONCE
    shut: frozenset[int] = frozenset()
    holders: tuple[int | None, ...] = (None,) * NAMES
    kept: dict[int, tuple[tuple[Any, ...], str]] = field(default_factory=dict)
    """Request -> (payload, what it was told)."""


def told_in_turn(state: Ledgers, call: Asked) -> tuple[str, Ledgers]:
    """What this call is told when it comes next, and the state after it."""
    if call.request is not None and call.request in state.kept:
        payload, answer = state.kept[call.request]
        return (answer if payload == _payload(call) else "reused"), state
    version = state.versions[call.ledger]
    if call.etag is not None and version and call.etag != version:
        return "conflict", state
    answer, after = _decided(state, call)
    if call.etag is not None and call.etag != version and not answer.startswith(("refused", "unknown", "exists")):
        return "conflict", state
    if call.request is not None and answer.startswith(("stored", "refused")):
        after = replace(after, kept={**after.kept, call.request: (_payload(call), answer)})
    return answer, after


def _decided(state: Ledgers, call: Asked) -> tuple[str, Ledgers]:
    at, version = call.ledger, state.versions[call.ledger]
    if call.kind == "open":
        if version:
            return (f"stored {version}" if state.names[at] == call.name else "exists"), state
        if state.holders[call.name] is not None:
            return "claimed", state
        opened = replace(state, names=_with(state.names, at, call.name), holders=_with(state.holders, call.name, at))
        return _next(opened, at)
    if not version:
        return "unknown", state
    if call.kind == "shut":
        if at in state.shut:
            return f"stored {version}", state
        name = state.names[at]
        holders = state.holders if name is None or state.holders[name] != at else _with(state.holders, name, None)
        return _next(replace(state, shut=state.shut | {at}, holders=holders), at)
    other = (at + 1) % LEDGERS_AT_ONCE
    if call.kind == "look" and not state.versions[other]:
        return "unknown", state
    if at in state.shut or (call.kind == "look" and other in state.shut):
        return "refused", state
    return _next(replace(state, totals=_with(state.totals, at, state.totals[at] + call.amount)), at)


def _next(state: Ledgers, at: int) -> tuple[str, Ledgers]:
    version = state.versions[at] + 1
    return f"stored {version}", replace(state, versions=_with(state.versions, at, version))


def _with(values: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    return (*values[:at], value, *values[at + 1 :])


def _payload(call: Asked) -> tuple[Any, ...]:
    return (call.kind, call.ledger, call.name, call.amount)


def states_after(state: Ledgers, calls: Sequence[Asked], answers: Sequence[str]) -> Iterator[Ledgers]:
    """The states of all orders in which each call would be told what it was told (Wing and Gong's search)."""
    if not calls:
        yield state
        return
    for n, call in enumerate(calls):
        answer, after = told_in_turn(state, call)
        if answer == answers[n]:
            yield from states_after(after, [*calls[:n], *calls[n + 1 :]], [*answers[:n], *answers[n + 1 :]])


# What they are told --------------------------------------------------------------------------------------------------


async def tell(log: Log, ids: Sequence[UUID], run: str, call: Asked) -> str:
    request_id = None if call.request is None else f"{run}-{call.request}"
    payload = repr(_payload(call)).encode().ljust(32, b".")[:32]
    try:
        stored: Stored = await log.run(asked(request_id, payload=payload, etag=call.etag), _change(ids, run, call))
    except RequestIdReused:
        return "reused"
    except Conflict:
        return "conflict"
    except ClaimedByAnother:
        return "claimed"
    except RefusedBefore:
        return "refused"
    except Refusal as refusal:
        return {"LEDGER_IS_UNKNOWN": "unknown", "LEDGER_IS_OPEN_ALREADY": "exists"}.get(refusal.reason, "refused")
    return f"stored {stored.streams[0].version}"


def _change(ids: Sequence[UUID], run: str, call: Asked) -> Change[Any]:
    name = f"{run}-name-{call.name}"
    if call.kind == "open":
        return opening(ids[call.ledger], name, (named(name),))
    if call.kind == "shut":
        # It gives up whichever name it holds.
        return shutting(ids[call.ledger], tuple(named(f"{run}-name-{number}") for number in range(NAMES)))
    given = (ids[(call.ledger + 1) % LEDGERS_AT_ONCE],) if call.kind == "look" else ()
    return adding(ids[call.ledger], call.amount, given=given)


async def test_every_answer_fits_some_order(database: str) -> None:
    await prepare(database)
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        logs = [await stack.enter_async_context(a_log(database)) for _ in range(WORKERS)]

        async def play(rounds: Sequence[Sequence[Asked]]) -> None:
            ids, run = [new_id() for _ in range(LEDGERS_AT_ONCE)], str(new_id())
            possible = [Ledgers()]
            for calls in rounds:
                answers = await asyncio.gather(*(tell(logs[call.worker], ids, run, call) for call in calls))
                after = [state for before in possible for state in states_after(before, calls, answers)]
                assert after, f"no order of {list(zip(calls, answers, strict=True))} after {possible[0]}"
                # Orders that lead to one state are one possibility.
                possible = [state for n, state in enumerate(after) if state not in after[:n]]
            rows = dict(await query(database, "SELECT stream_id, version FROM ledgers.streams"))
            assert any(tuple(rows.get(one, 0) for one in ids) == state.versions for state in possible)

        @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
        @given(ROUNDS)
        def fits_some_order(rounds: list[list[Asked]]) -> None:
            asyncio.run_coroutine_threadsafe(play(rounds), loop).result()

        await asyncio.to_thread(fits_some_order)
        assert await is_sound(database, logs[0]) > 0
