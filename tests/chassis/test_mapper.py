"""The mapper: every fact of every service has its message, goes to bytes and comes back, and what does not fit is found at import."""

from __future__ import annotations

import dataclasses
import hashlib
import types
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.types_pb2 import EventMeta
from hypothesis import given
from hypothesis import strategies as st

from services.cases.card import CASES
from services.cases.domain.dossier import FactRetracted
from services.chassis.log.meta import SharedMeta, meta_of, shared_meta
from services.chassis.log.origins import Actor, Command, Context, HeardFact, Origin, TimerFired
from services.chassis.log.units import NO_HASH
from services.chassis.mapper import Mapper, UnknownFact
from services.chassis.service import Service
from services.chassis.wire.hints import ContractsDiffer
from services.kernel.facts import Causation, Fact
from services.strategy.card import STRATEGY

SERVICES = (CASES, STRATEGY)
FACTS = [(service, fact) for service in SERVICES for fact in service.facts]
META = EventMeta(tenant_id="acme", command_id=bytes(16), correlation_id=bytes(16))
GOLDEN = "3aacedf7a339671f16081314f597ecbae01021bda2a8d345e6ddbb8864453d2e"
AT = datetime(2026, 3, 31, 10, 20, 30, 123456, tzinfo=UTC)

# Any value of a field ------------------------------------------------------------------------------------------------

_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    UUID: st.uuids(version=4),
    str: st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    bytes: st.binary(min_size=1, max_size=40),
    int: st.integers(1, 2**31 - 1),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def anything(hint: Any) -> st.SearchStrategy[Any]:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if get_origin(hint) in (Union, types.UnionType):
        return st.none() | anything(next(arg for arg in get_args(hint) if arg is not type(None)))
    if get_origin(hint) is tuple:
        return st.lists(anything(get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return st.builds(hint, **{name: anything(kind) for name, kind in get_type_hints(hint).items()})
    raise TypeError(f"no strategy for {hint}")


def a_fact(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    own = {field.name for field in dataclasses.fields(kind)} - {"originator_id", "originator_version", "timestamp"}
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name in own}
    return st.builds(
        kind,
        originator_id=st.uuids(version=4),
        originator_version=st.integers(1, 2**31 - 1),
        timestamp=st.datetimes(timezones=st.just(UTC)),
        **{name: anything(hint) for name, hint in hints.items()},
    )


# There and back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("service", "kind"), FACTS, ids=lambda value: getattr(value, "__name__", getattr(value, "name", "")))
def test_every_fact_goes_to_bytes_and_comes_back(service: Service, kind: type[Fact]) -> None:
    @given(a_fact(kind))
    def comes_back(fact: Fact) -> None:
        told = service.mapper.encode(fact, SharedMeta.of(META), bytes(range(32)))
        assert service.mapper.decode(told.event) == fact
        assert service.mapper.encode(fact, SharedMeta.of(META), bytes(range(32))) == told
        assert service.event.FromString(told.event).SerializeToString(deterministic=True) == told.event, "not as protobuf writes it"
        assert told.hash == hashlib.sha256(told.event).digest()
        assert told.type_name == f"{service.package}.{kind.__name__}"
        meta = meta_of(told.event)
        assert (meta.stream_id, meta.version, meta.tenant_id) == (fact.originator_id.bytes, fact.originator_version, "acme")
        assert meta.prev_hash == bytes(range(32))
        assert meta.occurred_at.ToDatetime(UTC) == fact.timestamp

    comes_back()


def test_the_bytes_of_a_fact_stay_what_they_are() -> None:
    """Golden: what this build wrote once, every build reads and writes for ever."""
    fact = FactRetracted(originator_id=UUID(int=4), originator_version=7, timestamp=AT, fact_id=UUID(int=9), reason_code="WRONG_PERSON")
    told = CASES.mapper.encode(fact, shared_meta(_asked()), NO_HASH)
    assert hashlib.sha256(told.event).hexdigest() == GOLDEN
    assert CASES.mapper.decode(told.event) == fact


# Who, under what, because of what ------------------------------------------------------------------------------------


def _asked() -> Command:
    return Command("acme", "issuer#ana", "cases/Do", "r1", bytes(32), Actor("AGENT", "ana", "boss"), correlation_id=UUID(int=5))


def as_said(origin: Origin) -> EventMeta:
    return EventMeta.FromString(b"".join(shared_meta(origin)))


def test_a_command_says_who_asked() -> None:
    meta = as_said(_asked())
    assert (meta.actor.kind, meta.actor.id, meta.actor.on_behalf_of) == (1, "ana", "boss")
    assert (meta.command_id, meta.correlation_id) == (_asked().id.bytes, UUID(int=5).bytes)
    assert not meta.HasField("causation")
    assert not meta.HasField("context")


def test_a_timer_and_a_heard_fact_say_what_they_rest_on() -> None:
    fired = as_said(TimerFired("acme", UUID(int=4), 3, "batch.rows/2", AT))
    assert (fired.actor.kind, fired.actor.id, fired.causation.version) == (6, "batch.rows", 3)
    heard = as_said(HeardFact("listener", "acme", Causation(UUID(int=8), 2), UUID(int=5), AT, Context(strategy_version="7")))
    assert (heard.actor.id, heard.causation.stream_id, heard.causation.version) == ("listener", UUID(int=8).bytes, 2)
    assert (heard.correlation_id, heard.context.strategy_version) == (UUID(int=5).bytes, "7")


# What does not fit ---------------------------------------------------------------------------------------------------


def _mapper_with(**facts: type[Fact]) -> Mapper:
    """The mapper of cases, with some facts replaced by others of the same name."""
    return Mapper(CaseEvent, [facts.get(fact.__name__, fact) for fact in CASES.facts] + [f for n, f in facts.items() if n == "Stray"])


def _fact(name: str, **hints: Any) -> type[Fact]:
    made = types.new_class(name, (Fact,), exec_body=lambda body: body.update(__annotations__=hints, __module__=__name__))
    assert issubclass(made, Fact)
    return made


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        ("FactRetracted", {"fact_id": UUID}),
        ("FactRetracted", {"fact_id": UUID, "reason_code": str, "more": str}),
        ("FactRetracted", {"fact_id": UUID, "reason_code": int}),
        ("FactRetracted", {"fact_id": str, "reason_code": str}),
        ("FactRetracted", {"fact_id": UUID, "reason_code": tuple[str, ...]}),
        ("Stray", {"a": str}),
    ],
)
def test_a_fact_that_differs_from_its_message_is_found_at_import(name: str, hints: dict[str, Any]) -> None:
    with pytest.raises(ContractsDiffer):
        _mapper_with(**{name: _fact(name, **hints)})


def test_a_message_without_a_fact_is_found_at_import() -> None:
    with pytest.raises(ContractsDiffer, match="FactRetracted"):
        Mapper(CaseEvent, [fact for fact in CASES.facts if fact is not FactRetracted])


def test_an_enumeration_that_differs_is_found_at_import() -> None:
    class CloseOutcome(Enum):
        PAID_IN_FULL = "PAID_IN_FULL"

    with pytest.raises(ContractsDiffer, match="CloseOutcome"):
        _mapper_with(CaseClosed=_fact("CaseClosed", outcome=CloseOutcome, balance_at_close=tuple[str, ...], evidence_refs=tuple[str, ...]))


@pytest.mark.parametrize("event", [b"", CaseEvent(meta=META).SerializeToString(), bytes.fromhex("0a00fa0700")])
def test_an_event_this_build_does_not_know_is_an_error_with_a_name(event: bytes) -> None:
    with pytest.raises(UnknownFact):
        CASES.mapper.decode(event)
