"""Golden scenario 17: an auditor takes one case away and verifies it offline; whatever is edited is named. On cases the service told."""

from __future__ import annotations

import hashlib
from datetime import UTC
from pathlib import Path
from random import Random
from typing import Any

from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1 import log_pb2 as log

from clients.audit.contracts import contracts_of
from clients.audit.findings import Problem
from clients.audit.flipping import flip
from clients.audit.history_file import read_history, write
from clients.audit.verification import verify
from tests.clients.test_audit_edits import KINDS
from tests.services.cases.service import Running
from tests.services.cases.test_replay import a_story

EDITS_OF_EACH_KIND = 200


async def export(cases: Running, file: Path) -> None:
    """What `acuerdo case export` does: the claim of the stream, the head of the log, then the records."""
    caller = cases.as_("auditor")
    case_id = (await caller.ListCases(min_position=(await cases.log.head()).position)).cases[0].case_id
    claimed = await caller.log.VerifyStream(log.VerifyStreamRequest(stream_id=case_id), metadata=caller.metadata)
    head = (await caller.log.Head(log.HeadRequest(), metadata=caller.metadata)).head
    answers = caller.log.Replay(log.ReplayRequest(stream_id=case_id), metadata=caller.metadata)
    records: list[Any] = [record async for answer in answers for record in answer.records]
    assert (claimed.intact, claimed.version) == (True, len(records))
    write(
        file,
        records,
        service="cases",
        stream_id=case_id,
        exported_at=head.complete_through.ToDatetime(UTC),
        head_hash=claimed.head_hash,
        log_epoch=head.epoch,
        log_position=head.position,
        contracts=contracts_of(CaseEvent),
    )


async def test_golden_17_a_case_taken_away_is_intact_and_a_flipped_byte_is_named(cases: Running, tmp_path: Path) -> None:
    await a_story(cases)
    await export(cases, tmp_path / "case.history")
    history = read_history(tmp_path / "case.history")
    report = verify(history)
    assert report.is_intact, report.findings
    assert (report.events, report.unknown_facts) == (len(history.records), [])
    for number, record in enumerate(history.records, 1):
        flip(tmp_path / "case.history", tmp_path / "flipped", event=number)
        findings = verify(read_history(tmp_path / "flipped")).findings
        assert {finding.version for finding in findings} == {number}, (record.type, findings)
    assert Problem.IS_NOT_THE_HEAD in {finding.problem for finding in findings}


async def test_every_edit_of_a_case_that_the_service_told_is_located(cases: Running, tmp_path: Path) -> None:
    await a_story(cases)
    await export(cases, tmp_path / "case.history")
    history, random = read_history(tmp_path / "case.history"), Random(17)
    for kind in KINDS:
        for _ in range(EDITS_OF_EACH_KIND):
            edited, edited_at = kind(history, random)
            assert {finding.version for finding in verify(edited).findings} & edited_at, kind.__name__
    noted = hashlib.sha256(history.records[4].event).digest()
    assert verify(history, noted).known_head_version == 5
