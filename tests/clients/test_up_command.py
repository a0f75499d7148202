"""`acuerdo up` hands over what was said, and ends as the stack ends."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clients.cli.__main__ import run


@pytest.mark.parametrize("code", [0, 1])
def test_what_was_said_is_handed_to_the_stack(code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: dict[str, Any] = {}

    def up(**options: Any) -> int:
        said.update(options)
        return code

    monkeypatch.setitem(sys.modules, "dev.stack", SimpleNamespace(up=up))
    options = ["--lang", "es", "--kafka", "127.0.0.1:9092", "--postgres", "dbname=acuerdo", "--data", str(tmp_path)]
    assert run(["up", *options]) == code
    assert said == {"lang": "es", "kafka": "127.0.0.1:9092", "postgres": "dbname=acuerdo", "data": tmp_path}


def test_without_options_everything_is_started_here(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {}
    monkeypatch.delenv("ACUERDO_LANG", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setitem(sys.modules, "dev.stack", SimpleNamespace(up=lambda **options: said.update(options) or 0))
    assert run(["up"]) == 0
    assert said == {"lang": "en", "kafka": None, "postgres": None, "data": Path(".run/acuerdo")}
