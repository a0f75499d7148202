"""Reporting: a pytest plugin for the child that runs a catcher. It writes down what came of each test, as JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import hypothesis
import pytest

REPORT = "ACUERDO_PLANTED_REPORT"
LINE_LENGTH_MAX = 160

_came: list[dict[str, Any]] = []


_stops_at_first = False


def pytest_configure(config: pytest.Config) -> None:
    """That a property fails is enough: the smallest example would take the time of many catchers."""
    global _stops_at_first  # noqa: PLW0603 - hooks of a plugin are functions of its module
    _stops_at_first = bool(config.getoption("maxfail"))
    hypothesis.settings.register_profile("planted", phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate], database=None)
    hypothesis.settings.load_profile("planted")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        _came.append({"test": report.nodeid, "when": report.when, "outcome": report.outcome, "says": _one_line(report)})
    if _stops_at_first and report.when == "call" and report.failed:
        # It has noticed. What is torn down after it may hang for the very fault that it noticed.
        _write()
        os._exit(pytest.ExitCode.TESTS_FAILED)


def pytest_sessionfinish() -> None:
    _write()


def _write() -> None:
    Path(os.environ[REPORT]).write_text(json.dumps(_came), encoding="utf-8")


def _one_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(getattr(crash, "message", "")).strip().partition("\n")[0][:LINE_LENGTH_MAX]
