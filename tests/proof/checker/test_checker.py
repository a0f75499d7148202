"""The checker as a whole: a run that went well is green, what is not given is not judged, and the command says what the library says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from proof.checker import contract
from proof.checker.__main__ import main
from proof.checker.contract import partition_of
from proof.checker.findings import STATEMENTS
from proof.checker.judging import OWNERS, judge
from services.chassis.follower import record
from services.kernel import ids
from tests.proof.checker.conftest import Judged
from tests.proof.checker.small_run import CANARY, TENANTS, tenant_canary


def test_a_run_that_went_well_holds_in_every_invariant(judged: Judged) -> None:
    assert {finding.invariant: finding.broken for finding in judged.live.findings if finding.holds is not True} == {}
    assert [finding.invariant for finding in judged.live.findings] == [name for name in STATEMENTS if name not in OWNERS]
    assert min(finding.counted for finding in judged.live.findings) > 0
    assert judged.live.holds
    assert judged.live.quiet_seconds is not None


async def test_what_is_not_given_is_not_judged_and_says_why(judged: Judged) -> None:
    bare = replace(judged.where, kafka="", history=(), canaries=(), outputs=())
    verdict = await judge(bare)
    not_judged = {finding.invariant: finding.reason for finding in verdict.findings if finding.holds is None}
    assert not_judged.keys() == {"I1", "I2", "I3", "I4", "I5", "I7", "I8", "I14", "I17", "I18"}
    assert all(not_judged.values())
    assert verdict.judged == {"I6", "I12", "I15"}


async def test_searching_without_outputs_is_not_a_search(judged: Judged) -> None:
    for missing in ({"outputs": ()}, {"kafka": ""}, {"history": ()}):
        assert (await judged.finds("I18", **missing)).holds is None, missing


async def test_an_invariant_that_there_is_not_is_no_question(judged: Judged) -> None:
    with pytest.raises(ValueError, match="I99"):
        await judge(replace(judged.where, only=frozenset({"I99"})))


def test_the_command_prints_and_writes_the_verdict(judged: Judged, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = judged.where
    canaries, written = tmp_path / "canaries", tmp_path / "verdict.json"
    canaries.write_text("\n".join([CANARY, *(f"{tenant}\t{tenant_canary(tenant)}" for tenant in TENANTS)]))
    said = [f"--postgres={where.postgres}", f"--kafka={where.kafka}", f"--history={where.history[0]}", f"--canaries={canaries}"]
    said += ["--outputs", *map(str, where.outputs), "--quiet-within=10", f"--json={written}"]

    assert main([*said, "--only=I1,I4,I12,I18"]) == 0
    verdict: dict[str, Any] = json.loads(written.read_text())
    assert {finding["invariant"]: finding["holds"] for finding in verdict["findings"]} == dict.fromkeys(("I1", "I4", "I12", "I18"), True)
    assert "All that was judged holds" in capsys.readouterr().out

    assert main([*said, "--only=I1,I7"]) == 1, "what was asked for and could not be judged is no success"
    assert main([*said, "--only=I1,I7", "--lenient"]) == 0


def test_the_command_fails_where_something_is_broken(judged: Judged, capsys: pytest.CaptureFixture[str]) -> None:
    copy = judged.copies.doctored("UPDATE cases.events SET event = event || 'x'::bytea WHERE position = 3")
    assert main([f"--postgres={copy}", "--only=I12"]) == 1
    assert "PortfolioOpened (position 3)" in capsys.readouterr().out


def test_its_own_rules_are_those_of_the_services() -> None:
    """They are written down twice on purpose; where they part, one of them has broken its word."""
    stream, cause = uuid4(), uuid4()
    assert contract.derived("a", 1, stream) == ids.derived("a", 1, stream).bytes
    assert contract.heard_id("reactions", cause.bytes, 7) == ids.derived("heard", "reactions", cause, 7).bytes
    for _ in range(100):
        other: UUID = uuid4()
        assert partition_of(other.bytes, 12) == record.partition_of(other, 12)
