"""What the tests of the command line share: fake services, and `acuerdo` as a person runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clients.cli.endpoints import SERVICES
from tests.clients.fake_services import TOKEN, FakeServices

# Before the command line is imported: what is expected of it is in English, whoever runs the tests.
os.environ["LC_ALL"] = "C.UTF-8"


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def failure(self) -> Any:
        return json.loads(self.err)["error"]


Acuerdo = Callable[..., Ran]


@pytest.fixture
def services() -> Iterator[FakeServices]:
    fake = FakeServices()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below which nothing of ours was started."""
    for name in ("TARGET_CASES", "TARGET_CONTACTS", "TARGET_PAYMENTS", "TARGET_STRATEGY", "TOKEN_FILE", "CA", "ENDPOINTS"):
        monkeypatch.delenv(f"ACUERDO_{name}", raising=False)
    monkeypatch.setenv("ACUERDO_LANG", "en")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def started(alone: Path, services: FakeServices) -> Path:
    """A folder in which `acuerdo up` left its endpoints file."""
    place = alone / ".run" / "acuerdo"
    place.mkdir(parents=True)
    (place / "token").write_text(f"{TOKEN}\n")
    addresses = dict.fromkeys(SERVICES, services.address)
    said = {**addresses, "kafka": "127.0.0.1:1", "token_file": "token", "tenant": "demo"}
    (place / "endpoints.json").write_text(json.dumps(said))
    return alone


@pytest.fixture
def acuerdo(capfd: pytest.CaptureFixture[str]) -> Acuerdo:
    """The program, with its exit code and what it printed."""

    from clients.cli.__main__ import run

    def ran(*arguments: object) -> Ran:
        capfd.readouterr()
        exit_code = run([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return Ran(exit_code, printed.out, printed.err)

    return ran
