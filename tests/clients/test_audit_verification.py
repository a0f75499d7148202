"""The verifier: an intact history is intact, and whatever is done to one is named, at the right event."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from acuerdo.cases.v1 import events_pb2 as facts
from acuerdo.common.v1.log_pb2 import Record
from acuerdo.strategy.v1 import events_pb2 as strategy
from google.protobuf.timestamp_pb2 import Timestamp

from clients.audit.events import NO_HASH
from clients.audit.findings import Problem
from clients.audit.history_file import History, HistoryIsUnreadable
from clients.audit.verification import Report, verify
from tests.clients.histories import a_history, history_of, stamp

EDITS = 3_000


def named(report: Report) -> set[int]:
    return {finding.version for finding in report.findings}


def problems(report: Report) -> set[Problem]:
    return {finding.problem for finding in report.findings}


def hash_of(record: Record) -> bytes:
    return hashlib.sha256(record.event).digest()


def edited(history: History, edit: Callable[[list[Record]], None]) -> History:
    records = [Record.FromString(record.SerializeToString()) for record in history.records]
    edit(records)
    return replace(history, records=records)


def test_an_intact_history_is_intact() -> None:
    history = a_history()
    report = verify(history)
    assert report.is_intact
    assert report.head_hash == history.header.head_hash
    assert report.events == 22


def test_the_history_of_a_treatment_is_intact() -> None:
    told = [strategy.TreatmentStarted(case_id=UUID(int=1).bytes), strategy.SegmentAssigned(case_id=UUID(int=1).bytes, to="early")]
    assert verify(history_of(told, strategy.StrategyEvent, "strategy")).is_intact


def test_an_empty_history_is_intact_and_has_no_head() -> None:
    history = history_of([])
    assert verify(history).is_intact
    assert verify(history).head_hash == NO_HASH


# Thousands of random edits ---------------------------------------------------


def test_every_flipped_byte_is_found_in_its_event() -> None:
    history, random = a_history(), Random(1)
    for _ in range(EDITS):
        number = random.randrange(len(history.records))

        def flip(records: list[Record], number: int = number) -> None:
            content = bytearray(records[number].event)
            content[random.randrange(len(content))] ^= random.randrange(1, 256)
            records[number].event = bytes(content)

        report = verify(edited(history, flip))
        assert named(report) == {number + 1}, report.findings


def test_every_byte_of_every_event_counts() -> None:
    history = a_history(months=1)
    for number, record in enumerate(history.records):
        for place in range(len(record.event)):

            def flip(records: list[Record], number: int = number, place: int = place) -> None:
                content = bytearray(records[number].event)
                content[place] ^= 0x01
                records[number].event = bytes(content)

            assert named(verify(edited(history, flip))) == {number + 1}


def test_every_swap_is_found_at_one_of_the_two() -> None:
    history, random = a_history(), Random(2)
    for _ in range(EDITS):
        one, other = sorted(random.sample(range(len(history.records)), 2))

        def swap(records: list[Record], one: int = one, other: int = other) -> None:
            records[one], records[other] = records[other], records[one]

        report = verify(edited(history, swap))
        assert named(report) <= {one + 1, other + 1}, report.findings
        assert problems(report) == {Problem.IS_MISPLACED}


def test_events_that_change_their_bytes_but_keep_their_records_are_found() -> None:
    history, random = a_history(), Random(3)
    for _ in range(EDITS // 10):
        one, other = sorted(random.sample(range(len(history.records)), 2))

        def swap_bytes(records: list[Record], one: int = one, other: int = other) -> None:
            records[one].event, records[other].event = records[other].event, records[one].event

        report = verify(edited(history, swap_bytes))
        assert not report.is_intact
        assert report.findings[0].version in range(one + 1, other + 2)


def test_every_dropped_event_is_named_as_missing() -> None:
    history, random = a_history(), Random(4)
    for _ in range(EDITS // 10):
        number = random.randrange(len(history.records))
        report = verify(edited(history, lambda records, number=number: records.pop(number)))
        assert named(report) == {number + 1}
        assert problems(report) == {Problem.IS_MISSING}


def test_every_duplicate_is_found() -> None:
    history, random = a_history(), Random(5)
    for _ in range(EDITS // 3):
        number, to = random.randrange(len(history.records)), random.randrange(len(history.records) + 1)
        report = verify(edited(history, lambda records, number=number, to=to: records.insert(to, records[number])))
        assert Problem.IS_REPEATED in problems(report)
        assert number + 1 in named(report)


def test_every_truncation_is_found_where_it_begins() -> None:
    history = a_history()
    for kept in range(len(history.records)):
        report = verify(edited(history, lambda records, kept=kept: records.__delitem__(slice(kept, None))))
        assert named(report) == {kept + 1}
        assert problems(report) == {Problem.IS_MISSING}


def test_several_edits_at_once_never_pass() -> None:
    history, random = a_history(), Random(6)
    for _ in range(EDITS // 3):

        def edit(records: list[Record]) -> None:
            for _ in range(random.randrange(1, 4)):
                if records and random.random() < 0.5:
                    records.pop(random.randrange(len(records)))
                elif records:
                    number = random.randrange(len(records))
                    content = bytearray(records[number].event)
                    content[random.randrange(len(content))] ^= random.randrange(1, 256)
                    records[number].event = bytes(content)

        changed = edited(history, edit)
        if [record.event for record in changed.records] != [record.event for record in history.records]:
            assert not verify(changed).is_intact


# What a chain alone cannot show ----------------------------------------------


def test_a_truncation_with_a_head_to_fit_is_found_by_a_hash_known_from_elsewhere() -> None:
    history = a_history()
    for kept in range(1, len(history.records)):
        records = history.records[:kept]
        shorter = History(replace(history.header, versions=kept, head_hash=hash_of(records[-1])), records)
        assert verify(shorter).is_intact
        report = verify(shorter, known_head=history.header.head_hash)
        assert named(report) == {kept + 1}
        assert problems(report) == {Problem.KNOWN_HEAD_IS_ABSENT}


def test_a_history_that_has_grown_since_still_holds_the_head_that_was_noted() -> None:
    history = a_history()
    report = verify(history, known_head=hash_of(history.records[4]))
    assert report.is_intact
    assert report.known_head_version == 5


def test_a_rewritten_stream_is_found_only_by_a_hash_known_from_elsewhere() -> None:
    rewritten = history_of([facts.CaseOpened(reason="REWRITTEN"), facts.CaseOpened(reason="AGAIN")])
    assert verify(rewritten).is_intact
    assert not verify(rewritten, known_head=a_history().header.head_hash).is_intact


# One thing at a time ---------------------------------------------------------


def the_fifth(change: Callable[[Record], object]) -> Report:
    return verify(edited(a_history(), lambda records: change(records[4])))


def test_a_type_that_is_not_that_of_the_fact_is_found() -> None:
    report = the_fifth(lambda record: setattr(record, "type", "acuerdo.cases.v1.CaseClosed"))
    assert [(finding.version, finding.problem) for finding in report.findings] == [(5, Problem.TYPE_DIFFERS)]


def test_a_position_that_does_not_increase_is_found() -> None:
    report = the_fifth(lambda record: setattr(record, "position", 1))
    assert [(finding.version, finding.problem) for finding in report.findings] == [(5, Problem.POSITION_DOES_NOT_INCREASE)]


def test_an_instant_that_decreases_is_found() -> None:
    earlier = Timestamp(seconds=a_history().records[3].recorded_at.seconds - 1)
    report = the_fifth(lambda record: record.recorded_at.CopyFrom(earlier))
    assert [(finding.version, finding.problem) for finding in report.findings] == [(5, Problem.INSTANT_DECREASES)]


def test_an_event_of_another_tenant_is_found_even_with_a_chain_to_fit() -> None:
    foreign = history_of([facts.CaseOpened(reason="A"), facts.CaseOpened(reason="B"), facts.CaseOpened(reason="C")])
    event = facts.CaseEvent.FromString(foreign.records[-1].event)
    event.meta.tenant_id = "another"
    foreign.records[-1].event = event.SerializeToString()
    report = verify(replace(foreign, header=replace(foreign.header, head_hash=hash_of(foreign.records[-1]))))
    assert [(finding.version, finding.problem) for finding in report.findings] == [(3, Problem.TENANT_DIFFERS)]


def test_a_header_that_names_another_stream_is_found() -> None:
    history = a_history()
    report = verify(replace(history, header=replace(history.header, stream_id=UUID(int=7))))
    assert [(finding.version, finding.problem) for finding in report.findings] == [(0, Problem.HEADER_NAMES_ANOTHER_STREAM)]


def test_an_added_event_is_found_beyond_the_head() -> None:
    longer, shorter = a_history(months=2), a_history(months=1)
    report = verify(History(shorter.header, [*longer.records[:8]]))
    assert [(finding.version, finding.problem) for finding in report.findings] == [(8, Problem.IS_BEYOND_THE_HEAD)]


def test_a_fact_of_a_later_contract_is_no_finding_but_is_said() -> None:
    history = a_history(months=1)
    event = facts.CaseEvent()
    event.meta.CopyFrom(facts.CaseEvent.FromString(history.records[0].event).meta)
    event.meta.version, event.meta.prev_hash = 8, history.header.head_hash
    unknown = event.SerializeToString() + b"\xa2\x38\x02\x08\x01"  # field 900, which no contract of today has
    record = Record(position=999, recorded_at=stamp(history.header.exported_at), type="acuerdo.cases.v1.CaseTransferred", event=unknown)
    header = replace(history.header, versions=8, head_hash=hashlib.sha256(unknown).digest())
    report = verify(History(header, [*history.records, record]))
    assert report.is_intact
    assert report.unknown_facts == ["acuerdo.cases.v1.CaseTransferred"]


def test_a_service_that_the_contracts_do_not_know_is_refused() -> None:
    history = a_history()
    with pytest.raises(HistoryIsUnreadable, match="letters"):
        verify(replace(history, header=replace(history.header, service="letters")))


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_finding_can_be_said(lang: str) -> None:
    history, random = a_history(), Random(8)
    said = set()
    for _ in range(500):

        def edit(records: list[Record]) -> None:
            number = random.randrange(len(records))
            content = bytearray(records[number].event)
            content[random.randrange(len(content))] ^= random.randrange(1, 256)
            records[number].event = bytes(content)

        for finding in verify(edited(history, edit)).findings:
            said.add(finding.problem)
            assert str(finding.version) in finding.sentence(lang)
    assert {Problem.IS_CHANGED, Problem.DOES_NOT_CONTINUE, Problem.VERSION_DIFFERS, Problem.IS_NOT_THE_HEAD} <= said
