"""Golden events: what was written once is read, and written back the same, by every later build. See tests/golden/README.md."""

from __future__ import annotations

import hashlib

import pytest
from google.protobuf import json_format

from services.chassis.log.meta import SharedMeta, meta_of
from services.chassis.service import Service
from services.kernel.facts import Fact
from tests.golden.kept import EXAMPLES, META, PREVIOUS, SERVICES, SHARED, Kept, kept, written_today

KEPT = kept()
BY_NAME = {service.name: service for service in SERVICES}
every_kept_event = pytest.mark.parametrize("golden", KEPT, ids=lambda golden: f"{golden.service}/{golden.name}.v{golden.number}")
every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


@every_service
def test_every_event_type_has_a_golden_event(service: Service) -> None:
    promised = {field.message_type.name for field in service.event.DESCRIPTOR.oneofs_by_name["event"].fields if field.message_type}
    assert promised == {golden.name for golden in KEPT if golden.service == service.name}


@every_service
def test_todays_code_writes_the_newest_golden_event(service: Service) -> None:
    """Red after a change of an event: was it only an added field? Then `python -m tests.golden` adds the next number."""
    newest = {golden.name: golden.event for golden in sorted(KEPT, key=lambda golden: golden.number) if golden.service == service.name}
    written = written_today(service)
    assert {name for name in newest if newest[name] != written.get(name)} == set()


@every_service
def test_numbers_run_from_one_without_gaps(service: Service) -> None:
    numbers: dict[str, list[int]] = {}
    for golden in KEPT:
        if golden.service == service.name:
            numbers.setdefault(golden.name, []).append(golden.number)
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())


@every_kept_event
def test_a_golden_event_is_read_and_written_back_the_same(golden: Kept) -> None:
    mapper = BY_NAME[golden.service].mapper
    fact = mapper.decode(golden.event)
    assert type(fact).__name__ == golden.name
    meta = meta_of(golden.event)
    again = mapper.encode(fact, SharedMeta.of(meta), meta.prev_hash)
    assert again.event == golden.event
    assert again.type_name == golden.said["type"]
    assert again.hash.hex() == hashlib.sha256(golden.event).hexdigest() == golden.said["sha256"]


@every_kept_event
def test_its_rendering_says_the_same_and_nothing_is_unknown(golden: Kept) -> None:
    event = BY_NAME[golden.service].event
    said = json_format.ParseDict(golden.said["event"], event())
    assert said.SerializeToString(deterministic=True) == golden.event
    assert said == event.FromString(golden.event)


@every_service
def test_examples_carry_every_field_of_the_meta(service: Service) -> None:
    meta = meta_of(next(iter(written_today(service).values())))
    assert {field.name for field, _ in meta.ListFields()} == {field.name for field in meta.DESCRIPTOR.fields}
    assert (meta.tenant_id, meta.prev_hash) == (META.tenant_id, PREVIOUS)


@every_service
def test_streams_of_examples_fold_from_their_bytes_as_they_were_told(service: Service) -> None:
    for kind, facts in EXAMPLES[service.name]():
        told, read = kind.blank(facts[0].originator_id), kind.blank(facts[0].originator_id)
        for fact in facts:
            fact.mutate(told)
            _decoded(service, fact).mutate(read)
        assert told.version == read.version == len(facts)
        assert _state(told) == _state(read)


def _decoded(service: Service, fact: Fact) -> Fact:
    return service.mapper.decode(service.mapper.encode(fact, SHARED, PREVIOUS).event)


def _state(stream: object) -> str:
    return repr(vars(stream))
