"""An outbox that is killed between handing a message over and telling it: the next one sends it again, and that can be seen."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.services.contacts.message_service import running, until

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def an_outbox(database: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.services.contacts.outbox_process", database, str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(300)
async def test_a_message_whose_telling_was_lost_with_its_process_is_sent_again_as_the_same_message(database: str, tmp_path: Path) -> None:
    async with running(database, tmp_path, datetime(2026, 3, 3, 11, tzinfo=UTC), with_outbox=False) as messages:
        person_id = await messages.a_person("silent.marta@sink.invalid")
        case_id = await messages.a_case(person_id)
        await messages.a_template()
        await messages.request(case_id, person_id)

        async def mails() -> list[int]:
            return [kept.times for kept in messages.mails()]

        with an_outbox(database, messages.sink.port) as first:
            await until(mails, lambda times: times == [1], within_seconds=120)
            first.send_signal(signal.SIGKILL)
            await asyncio.to_thread(first.wait)
        assert await messages.facts("AttemptDispatched") == []

        with an_outbox(database, messages.sink.port):
            (dispatched,) = await until(lambda: messages.facts("AttemptDispatched"), lambda found: len(found) == 1, within_seconds=120)

        (kept,) = messages.mails()
        assert (kept.times, dispatched.tries) == (2, 2)
        assert kept.message_id == dispatched.provider_ref
        assert kept.file.read_bytes().endswith(kept.file.with_suffix(".repeat2.eml").read_bytes())
