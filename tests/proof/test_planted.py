"""Planted faults: each still fits the tree, and the runner catches what it must. All of them run with `python -m proof.planted`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from proof.planted.catching import CatcherIsBroken, run_tests
from proof.planted.faults import CANARY, FAULTS, TREE, Fault, FaultIsMalformed, all_faults, check_against, named, read
from proof.planted.overlay import NotFromTheOverlay, Overlay
from proof.planted.running import run_one
from proof.planted.servers import POSTGRES, Servers

FAULTS_AT_LEAST = 30
QUICK = (CANARY, "previous_ignored", "no_repeat_check", "history_may_be_changed")


def test_there_are_enough_of_them() -> None:
    assert len(all_faults()) >= FAULTS_AT_LEAST


@pytest.mark.parametrize("fault", all_faults(), ids=lambda fault: fault.name)
def test_each_fits_the_tree_as_it_is(fault: Fault) -> None:
    """What it replaces stands there once, what comes of it is Python, and the tests that catch it are there."""
    check_against(TREE, fault)
    assert fault.title
    assert fault.hurts
    assert fault.old != fault.new


def test_what_has_moved_on_is_found() -> None:
    canary = read(FAULTS / f"{CANARY}.toml")
    for moved, why in (
        (replace(canary, old="no such line"), "occurs 0 times"),
        (replace(canary, old="return"), "times in"),
        (replace(canary, new="return ("), CANARY),
        (replace(canary, test=("tests/services/kernel/test_money.py::test_there_is_none",)), "no test"),
    ):
        with pytest.raises(FaultIsMalformed, match=why):
            check_against(TREE, moved)
    with pytest.raises(FaultIsMalformed, match="no such fault"):
        named(["there_is_none"])


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_one_is_caught(name: str, tmp_path: Path, postgres_dsn: str) -> None:
    fault = read(FAULTS / f"{name}.toml")
    result = run_one(fault, tmp_path / "overlay", Servers(tmp_path, **{POSTGRES: postgres_dsn}))
    assert result.is_caught, result.broken
    assert {node.partition("[")[0] for node in result.noticed.by} <= set(fault.test)


def test_without_a_fault_its_catcher_notices_nothing(tmp_path: Path) -> None:
    canary = read(FAULTS / f"{CANARY}.toml")
    overlay = Overlay(tmp_path / "overlay")
    assert run_tests(overlay, canary.test, {}).by == ()
    overlay.check_was_used()


def test_a_fault_that_changes_nothing_is_not_caught(tmp_path: Path) -> None:
    harmless = replace(
        read(FAULTS / f"{CANARY}.toml"), name="harmless", new="return Money(self.currency_code, other.minor_units + self.minor_units)"
    )
    assert not run_one(harmless, tmp_path / "overlay", Servers(tmp_path)).is_caught


def test_a_test_that_cannot_begin_is_no_catch(tmp_path: Path) -> None:
    canary = read(FAULTS / f"{CANARY}.toml")
    unreadable = replace(canary, old="class CurrenciesDiffer", new="raise ValueError\n\n\nclass CurrenciesDiffer")
    result = run_one(unreadable, tmp_path / "overlay", Servers(tmp_path))
    assert not result.is_caught
    assert CatcherIsBroken.__name__ in result.broken


def test_services_from_elsewhere_do_not_count(tmp_path: Path) -> None:
    overlay = Overlay(tmp_path / "overlay")
    with pytest.raises(NotFromTheOverlay):
        overlay.check_was_used()
    where = "import services.kernel.money as money; print(money.__file__)"
    for folder, environment in ((TREE, overlay.environment()), (overlay.folder, overlay.environment())):
        ran = subprocess.run([sys.executable, "-c", where], cwd=folder, env=environment, capture_output=True, text=True, check=True)
        assert Path(ran.stdout.strip()).is_relative_to(overlay.folder)
    overlay.check_was_used()
    assert "PYTHONPATH" not in os.environ or str(overlay.folder) not in os.environ["PYTHONPATH"]
