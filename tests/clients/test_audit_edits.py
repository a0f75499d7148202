"""Ten thousand random edits of exported cases: of event bytes, of their order, of heads; each is located, none passes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.log_pb2 import Record

from clients.audit.contracts import contracts_of
from clients.audit.findings import Problem
from clients.audit.history_file import Header, History, HistoryIsUnreadable, read_history, write_history
from clients.audit.verification import verify
from tests.clients.histories import a_history

EDITS_OF_EACH_KIND = 1_000
OF_THE_FILE = 0
"""The header and the contracts are no event."""


@cache
def exported(months: int) -> History:
    """As `acuerdo case export` writes it: with the head of the whole log, and the contracts."""
    history, contracts = a_history(months), contracts_of(CaseEvent)
    header = replace(
        history.header,
        log_epoch=1,
        log_position=history.records[-1].position + 3,
        contracts_hash=hashlib.sha256(contracts).digest(),
    )
    return History(header, history.records, contracts)


def copied(history: History) -> list[Record]:
    return [Record.FromString(record.SerializeToString()) for record in history.records]


def with_head(history: History, **changed: object) -> History:
    return replace(history, header=replace(history.header, **changed))  # type: ignore[arg-type]  # fields of the header


# Each edits a history and says where it must be located: one of these events -------------------------------------------------

Edited = tuple[History, set[int]]


def flip_bytes(history: History, random: Random) -> Edited:
    """One byte of an event, or several."""
    records, number = copied(history), random.randrange(len(history.records))
    content = bytearray(records[number].event)
    for place in random.sample(range(len(content)), random.randrange(1, 6)):
        content[place] ^= random.randrange(1, 256)
    records[number].event = bytes(content)
    return replace(history, records=records), {number + 1}


def cut_bytes(history: History, random: Random) -> Edited:
    """An event that ends early."""
    records, number = copied(history), random.randrange(len(history.records))
    records[number].event = records[number].event[: -random.randrange(1, len(records[number].event))]
    return replace(history, records=records), {number + 1}


def write_another_fact(history: History, random: Random) -> Edited:
    """What was said is said otherwise, with everything else in its place."""
    records, number = copied(history), random.randrange(len(history.records))
    event = CaseEvent.FromString(records[number].event)
    event.meta.occurred_at.seconds += random.choice((-1, 1)) * random.randrange(1, 10**7)
    event.meta.actor.id = random.choice(("", "nobody", "somebody else"))
    records[number].event = event.SerializeToString(deterministic=True)
    return replace(history, records=records), {number + 1}


def swap(history: History, random: Random) -> Edited:
    records = copied(history)
    one, other = sorted(random.sample(range(len(records)), 2))
    records[one], records[other] = records[other], records[one]
    return replace(history, records=records), {one + 1, other + 1}


def move(history: History, random: Random) -> Edited:
    """One event to another place: the ones it passed are moved as much as it is."""
    records = copied(history)
    one, other = sorted(random.sample(range(len(records)), 2))
    records.insert(other, records.pop(one))
    return replace(history, records=records), set(range(one + 1, other + 2))


def drop(history: History, random: Random) -> Edited:
    records, number = copied(history), random.randrange(len(history.records))
    del records[number]
    return replace(history, records=records), {number + 1}


def repeat(history: History, random: Random) -> Edited:
    records, number = copied(history), random.randrange(len(history.records))
    records.insert(random.randrange(len(records) + 1), records[number])
    return replace(history, records=records), {number + 1}


def truncate(history: History, random: Random) -> Edited:
    kept = random.randrange(len(history.records))
    return replace(history, records=copied(history)[:kept]), {kept + 1}


def claim_another_head(history: History, random: Random) -> Edited:
    """By somebody who makes the header's own hash anew."""
    return with_head(history, head_hash=random.randbytes(32)), {len(history.records)}


def claim_another_length(history: History, random: Random) -> Edited:
    """More events than there are, or fewer, or a log that ends before they do."""
    last = len(history.records)
    if random.random() < 0.3:
        at = random.randrange(1, last)
        return with_head(history, log_position=history.records[at - 1].position), set(range(at + 1, last + 1))
    claimed = random.choice([number for number in range(1, 2 * last) if number != last])
    return with_head(history, versions=claimed), {claimed, claimed + 1, last, last + 1}


KINDS: tuple[Callable[[History, Random], Edited], ...] = (
    *(flip_bytes, cut_bytes, write_another_fact, swap, move, drop, repeat, truncate, claim_another_head, claim_another_length),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_edit_is_located(kind: Callable[[History, Random], Edited]) -> None:
    random = Random(kind.__name__)
    for _ in range(EDITS_OF_EACH_KIND):
        history, edited_at = kind(exported(random.randrange(1, 8)), random)
        named = {finding.version for finding in verify(history).findings}
        assert named & edited_at, (named, edited_at)
        # What is located elsewhere would accuse an event that nobody touched.
        assert named - {OF_THE_FILE} <= edited_at | {len(history.records)} | set(range(min(edited_at), max(edited_at) + 1))


# The file itself ---------------------------------------------------------------------------------------------------------------


def written(history: History, file: Path) -> bytes:
    with file.open("wb") as opened:
        write_history(opened, history)
    return file.read_bytes()


def test_what_is_exported_is_intact_and_read_back(tmp_path: Path) -> None:
    history = exported(3)
    written(history, tmp_path / "case.history")
    assert read_history(tmp_path / "case.history") == history
    assert verify(history).is_intact


def test_every_character_of_the_header_counts(tmp_path: Path) -> None:
    """Whatever is changed in its lines is unreadable, or found in the header or at the head."""
    history, random = exported(2), Random(11)
    whole = written(history, tmp_path / "case.history")
    end = whole.index(b"\n\n")
    for place in range(len("ACUERDO-HISTORY/2\n"), end):
        content = bytearray(whole)
        content[place] = random.choice([sign for sign in b"0123456789abcdef:- \nZ" if sign != content[place]])
        (tmp_path / "edited").write_bytes(bytes(content))
        try:
            report = verify(read_history(tmp_path / "edited"))
        except HistoryIsUnreadable:
            continue
        assert Problem.HEADER_IS_CHANGED in {finding.problem for finding in report.findings}, bytes(content[:end])


def test_contracts_that_are_not_those_claimed_are_found() -> None:
    history, random = exported(2), Random(12)
    for _ in range(200):
        content = bytearray(history.contracts)
        content[random.randrange(len(content))] ^= random.randrange(1, 256)
        report = verify(replace(history, contracts=bytes(content)))
        assert [(finding.version, finding.problem) for finding in report.findings] == [(OF_THE_FILE, Problem.CONTRACTS_ARE_CHANGED)]
    assert not verify(replace(history, contracts=b"")).is_intact


def test_a_history_of_the_earlier_form_is_still_read(tmp_path: Path) -> None:
    history = a_history()
    whole = written(history, tmp_path / "case.history")
    lines, _, records = whole.partition(b"\n\n")
    earlier = b"\n".join(lines.replace(b"HISTORY/2", b"HISTORY/1").split(b"\n")[:-1])
    (tmp_path / "earlier").write_bytes(earlier + b"\n\n" + records)
    assert read_history(tmp_path / "earlier") == history


def test_a_fact_of_a_later_contract_is_named_by_the_contracts_in_the_file() -> None:
    """Field 900 is in no contract of today; a file of tomorrow says what it is."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    described = FileDescriptorSet.FromString(contracts_of(CaseEvent))
    message = next(m for file in described.file for m in file.message_type if (file.package, m.name) == ("acuerdo.cases.v1", "CaseEvent"))
    field = message.field.add(name="case_transferred", number=900, type_name=".acuerdo.cases.v1.CaseTransferred", oneof_index=0)
    field.label, field.type = field.LABEL_OPTIONAL, field.TYPE_MESSAGE
    later, base = described.SerializeToString(), a_history(1)
    event = CaseEvent()
    event.meta.CopyFrom(CaseEvent.FromString(base.records[0].event).meta)
    event.meta.version, event.meta.prev_hash = len(base.records) + 1, base.header.head_hash
    unknown = event.SerializeToString() + b"\xa2\x38\x02\x08\x01"
    last = base.records[-1]
    record = Record(position=last.position + 1, recorded_at=last.recorded_at, type="acuerdo.cases.v1.CaseTransferred", event=unknown)
    header: Header = replace(
        base.header,
        versions=len(base.records) + 1,
        head_hash=hashlib.sha256(unknown).digest(),
        contracts_hash=hashlib.sha256(later).digest(),
    )
    assert verify(History(header, [*base.records, record], later)).is_intact
    assert verify(History(header, [*base.records, record], later)).unknown_facts == []
    record.type = "acuerdo.cases.v1.CaseOpened"
    (finding,) = verify(History(header, [*base.records, record], later)).findings
    assert (finding.version, finding.problem, finding.facts["held"]) == (8, Problem.TYPE_DIFFERS, "acuerdo.cases.v1.CaseTransferred")
