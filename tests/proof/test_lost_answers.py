"""Answers of commits lost under load: nothing twice, nothing refused wrongly, nothing called stored that is not there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rich.console import Console

from proof.lost_answers import lose_answers, tell
from proof.postgres_wire import COMMITS

SEED = 20260401


@pytest.mark.parametrize("answers", [pytest.param(150), pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
async def test_lost_answers_lose_nothing_and_refuse_nobody(postgres_dsn: str, tmp_path: Path, answers: int) -> None:
    ran = await lose_answers(postgres_dsn, answers, SEED, tmp_path)
    tell(ran, Console(file=sys.stderr))
    assert sum(ran.lost[loss] for loss in COMMITS) >= answers
    assert {what: lines for what, lines in ran.wrong.items() if lines} == {}
    assert {door for told in ran.told for door in told.units} == {"asked", "run", "heard"}
