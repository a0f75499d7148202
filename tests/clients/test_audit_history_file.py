"""History files and the commands around them: what is written is read back, what is broken is said, with the right exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from clients.audit.__main__ import main as audit
from clients.audit.flipping import flip
from clients.audit.history_file import HistoryIsUnreadable, read_history, write, write_history
from clients.audit.verification import verify
from clients.cli.__main__ import run
from tests.clients.histories import STREAM, a_history


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    history = a_history()
    file = tmp_path / "case.history"
    write(
        file,
        history.records,
        service="cases",
        stream_id=str(STREAM),
        exported_at=history.header.exported_at,
        head_hash=history.header.head_hash,
    )
    return file


def test_what_is_written_is_read_back(exported: Path) -> None:
    assert read_history(exported) == a_history()


def test_the_header_can_be_read_by_a_person(exported: Path) -> None:
    lines = exported.read_bytes().split(b"\n\n")[0].decode().splitlines()
    assert lines[0] == "ACUERDO-HISTORY/2"
    assert lines[2] == f"stream-id: {STREAM}"
    assert lines[3] == "exported-at: 2005-07-21T08:00:00.000000Z"


def test_a_head_that_the_service_did_not_claim_is_found(tmp_path: Path) -> None:
    history = a_history()
    file = tmp_path / "case.history"
    write(
        file,
        history.records[:-1],
        service="cases",
        stream_id=str(STREAM),
        exported_at=history.header.exported_at,
        head_hash=history.header.head_hash,
    )
    assert not verify(read_history(file)).is_intact


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: b"external_ref,balance\nUCI-00003,1\n",
        lambda content: content.replace(b"head-hash", b"head"),
        lambda content: content.replace(b"versions: 22", b"versions: many"),
        lambda content: content.replace(b"service: cases", b"service: letters"),
        lambda content: content[:-5],
        lambda content: content + b"\xff\xff\xff\xff\xff\xff\xff",
    ],
)
def test_what_is_no_history_is_said_and_ends_with_2(exported: Path, spoil: object, capsys: pytest.CaptureFixture[str]) -> None:
    exported.write_bytes(spoil(exported.read_bytes()))  # type: ignore[operator]  # one of the functions above
    assert audit([str(exported)]) == 2
    assert len(capsys.readouterr().err.strip()) > 20


def test_a_file_spoilt_anywhere_is_never_intact_and_never_a_traceback(exported: Path) -> None:
    """Bytes of the framing and of the header too. What is beside the events may change unseen: traceparent, epoch, exported-at."""
    whole, random = exported.read_bytes(), Random(7)
    unseen = 0
    for _ in range(1_500):
        content = bytearray(whole)
        content[random.randrange(len(content))] ^= random.randrange(1, 256)
        exported.write_bytes(bytes(content))
        try:
            unseen += verify(read_history(exported)).is_intact
        except HistoryIsUnreadable:
            continue
    assert unseen < 1_500 // 20


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit([str(tmp_path / "none")]) == 2
    assert "no such file" in capsys.readouterr().err


# The commands ----------------------------------------------------------------


def test_an_intact_history_ends_with_0_and_says_what_it_does_not_show(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", str(exported)]) == 0
    said = capsys.readouterr().out
    assert "INTACT" in said
    assert "--head HEX" in said
    assert "rewrote the whole stream" in said


def test_a_flipped_byte_is_named_and_ends_with_1(exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.history"
    assert run(["audit", "flip", str(exported), str(copy), "--event", "7"]) == 0
    assert run(["audit", "verify", str(copy), "--lang", "es"]) == 1
    said = capsys.readouterr().out
    assert "ROTA" in said
    assert "primero en el hecho 7 (BucketChanged)" in said
    assert read_history(exported) == a_history()


def test_both_doors_answer_alike_for_programs(exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.history"
    flip(exported, copy, event=3)
    answers = []
    for call in (lambda: run(["audit", "verify", str(copy), "--json"]), lambda: audit([str(copy), "--json"])):
        assert call() == 1
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert answers[0]["broken_at_version"] == 3
    assert answers[0]["findings"][0]["type"] == "DebtAttached"


def test_a_head_known_from_elsewhere_is_asked_for(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = a_history().header.head_hash.hex()
    assert run(["audit", "verify", str(exported), "--head", known]) == 0
    assert "that of event 22" in capsys.readouterr().out
    assert run(["audit", "verify", str(exported), "--head", "00" * 32]) == 1
    assert run(["audit", "verify", str(exported), "--head", "beef"]) == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--event", "23"], ["--event", "0"], ["--event", "1", "--byte", "100000"]])
def test_a_byte_that_is_not_there_cannot_be_flipped(exported: Path, tmp_path: Path, wrong: list[str]) -> None:
    assert run(["audit", "flip", str(exported), str(tmp_path / "copy"), *wrong]) == 2
    assert not (tmp_path / "copy").exists()


def test_the_history_itself_is_never_flipped(exported: Path) -> None:
    assert run(["audit", "flip", str(exported), str(exported)]) == 2
    assert read_history(exported) == a_history()


def test_an_empty_history_has_nothing_to_flip(tmp_path: Path) -> None:
    history = a_history()
    empty = replace(history, header=replace(history.header, versions=0, head_hash=bytes(32)), records=[])
    with (tmp_path / "empty").open("wb") as file:
        write_history(file, empty)
    assert run(["audit", "verify", str(tmp_path / "empty")]) == 0
    assert run(["audit", "flip", str(tmp_path / "empty"), str(tmp_path / "copy")]) == 2
