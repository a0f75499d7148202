"""What a service refuses is said in sentences, and the exit code says of which kind it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, RetryInfo
from grpc import StatusCode

from clients.cli.endpoints import left_behind
from clients.cli.failures import Failure
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import TOKEN, FakeServices, Refusing

CASE = "019340c1-3a5e-7f0e-9d5b-1f5a33b2c1d0"


def refuse(services: FakeServices, *refusal: object) -> None:
    def refusing(request: object) -> None:
        raise Refusing(*refusal)  # type: ignore[arg-type]  # a status and its details

    services.answers["GetCase"] = refusing


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        (StatusCode.FAILED_PRECONDITION, 1),
        (StatusCode.ALREADY_EXISTS, 1),
        (StatusCode.ABORTED, 1),
        (StatusCode.INTERNAL, 1),
        (StatusCode.DATA_LOSS, 1),
        (StatusCode.INVALID_ARGUMENT, 2),
        (StatusCode.NOT_FOUND, 3),
        (StatusCode.UNAUTHENTICATED, 4),
        (StatusCode.PERMISSION_DENIED, 4),
        (StatusCode.UNAVAILABLE, 5),
        (StatusCode.DEADLINE_EXCEEDED, 5),
        (StatusCode.RESOURCE_EXHAUSTED, 5),
    ],
)
def test_each_kind_of_refusal_has_its_exit_code(
    started: Path, services: FakeServices, acuerdo: Acuerdo, code: StatusCode, exit_code: int
) -> None:
    refuse(services, code, "as told")
    assert acuerdo("case", "show", CASE).exit_code == exit_code


def test_a_broken_rule_is_said_with_its_name_and_what_it_saw(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    info = ErrorInfo(reason="CASE_IS_CLOSED", domain="acuerdo", metadata={"closed_on": "2005-07-01"})
    broken = PreconditionFailure(violations=[PreconditionFailure.Violation(type="CASE_IS_CLOSED", description="The case is closed.")])
    refuse(services, StatusCode.FAILED_PRECONDITION, "The case is closed.", info, broken)
    ran = acuerdo("case", "show", CASE)
    assert "Refused: The case is closed." in ran.err
    assert "CASE_IS_CLOSED" in ran.err
    assert "closed on: 2005-07-01" in ran.err
    assert ran.err.count("The case is closed.") == 1
    assert ran.out == ""


def test_every_invalid_field_is_named(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    fields = [
        BadRequest.FieldViolation(field="case_id", description="is not a UUID"),
        BadRequest.FieldViolation(field="as_of", reason="DATE"),
    ]
    refuse(services, StatusCode.INVALID_ARGUMENT, "invalid: case_id, as_of", BadRequest(field_violations=fields))
    ran = acuerdo("case", "show", CASE)
    assert ran.exit_code == 2
    assert "case_id: is not a UUID" in ran.err
    assert "as_of: DATE" in ran.err


def test_who_is_too_early_is_told_when_to_come_again(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    refuse(services, StatusCode.RESOURCE_EXHAUSTED, "too much at once", RetryInfo(retry_delay=Duration(seconds=2, nanos=1)))
    assert "in 3 s" in acuerdo("case", "show", CASE).err or "in 2 s" in acuerdo("case", "show", CASE).err


def test_a_program_gets_the_failure_as_json(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    refuse(services, StatusCode.NOT_FOUND, "no such case", ErrorInfo(reason="CASE_IS_UNKNOWN", metadata={"case_id": CASE}))
    ran = acuerdo("case", "show", CASE, "--json")
    assert ran.exit_code == 3
    assert ran.failure["reason"] == "CASE_IS_UNKNOWN"
    assert ran.failure["facts"] == {"case_id": CASE}


def test_details_that_cannot_be_read_are_left_aside(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    refuse(services, StatusCode.NOT_FOUND, "no such case", cases.GetCaseRequest())
    assert "Not found: no such case." in acuerdo("case", "show", CASE).err


# Where, and as whom ----------------------------------------------------------------------------------------------------


def test_a_call_carries_the_token_that_up_left(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = cases.GetCaseResponse()
    assert acuerdo("case", "show", CASE).exit_code == 0
    assert services.tokens == {f"Bearer {TOKEN}"}


def test_the_endpoints_are_found_from_below(
    started: Path, services: FakeServices, acuerdo: Acuerdo, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = started / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    services.answers["GetCase"] = cases.GetCaseResponse()
    assert acuerdo("case", "show", CASE).exit_code == 0


@pytest.mark.parametrize("token_file", ["token", ".run/acuerdo/token", "{here}/.run/acuerdo/token"])
def test_the_endpoints_can_be_named(
    started: Path, services: FakeServices, acuerdo: Acuerdo, monkeypatch: pytest.MonkeyPatch, token_file: str
) -> None:
    """Wherever one stands, and however `up` wrote down where the token is."""
    file = started / ".run" / "acuerdo" / "endpoints.json"
    said = json.loads(file.read_text()) | {"token_file": token_file.format(here=started)}
    file.write_text(json.dumps(said))
    monkeypatch.chdir("/")
    services.answers["GetCase"] = cases.GetCaseResponse()
    assert acuerdo("case", "show", CASE, "--endpoints", file).exit_code == 0
    assert services.tokens == {f"Bearer {TOKEN}"}


def test_without_a_stack_the_way_to_one_is_shown(alone: Path, acuerdo: Acuerdo) -> None:
    ran = acuerdo("case", "show", CASE)
    assert ran.exit_code == 5
    assert "acuerdo up" in ran.err


def test_a_service_that_is_gone_is_unavailable(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.stop()
    ran = acuerdo("case", "show", CASE)
    assert ran.exit_code == 5
    assert "cannot be reached" in ran.err


def test_without_a_token_nobody_is_asked(alone: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    assert acuerdo("case", "show", CASE, "--target-cases", services.address).exit_code == 4
    assert services.asked == []


def test_the_environment_says_where(
    alone: Path, services: FakeServices, acuerdo: Acuerdo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my-token").write_text("mine")
    monkeypatch.setenv("ACUERDO_TARGET_CASES", services.address)
    monkeypatch.setenv("ACUERDO_TOKEN_FILE", str(tmp_path / "my-token"))
    services.answers["GetCase"] = cases.GetCaseResponse()
    assert acuerdo("case", "show", CASE).exit_code == 0
    assert services.tokens == {"Bearer mine"}


def test_another_machine_is_never_spoken_to_in_plaintext(alone: Path, acuerdo: Acuerdo, tmp_path: Path) -> None:
    """The address is of a documentation network: nothing answers there, and no plaintext channel is opened."""
    from clients.cli.connection import is_loopback

    assert is_loopback("127.0.0.1:1")
    assert is_loopback("localhost:1")
    assert is_loopback("[::1]:1")
    assert not is_loopback("192.0.2.1:1")
    assert not is_loopback("127.0.0.1.example.org:1")


@pytest.mark.parametrize("content", ["", "[]", "{", '"text"'])
def test_a_broken_endpoints_file_is_said_to_be_broken(alone: Path, content: str) -> None:
    place = alone / ".run" / "acuerdo"
    place.mkdir(parents=True)
    (place / "endpoints.json").write_text(content)
    with pytest.raises(Failure) as raised:
        left_behind(alone)
    assert raised.value.exit_code == 5


def test_the_token_can_be_handed_to_another_program(started: Path, acuerdo: Acuerdo) -> None:
    assert acuerdo("token").out == f"{TOKEN}\n"


# Not said as it should be ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("case", "shwo", CASE),
        ("case", "show"),
        ("case", "show", CASE, "--as-of", "yesterday"),
        ("case", "show", CASE, "--as-known-at", "2005-13-01T00:00:00Z"),
        ("case", "show", CASE, "--lang", "fr"),
        ("clock", "advance"),
        ("clock", "advance", "--to", "2005-05-01", "--days", "1"),
        ("nothing",),
    ],
)
def test_what_is_not_said_as_it_should_be_ends_with_two(
    started: Path, services: FakeServices, acuerdo: Acuerdo, arguments: tuple[str, ...]
) -> None:
    ran = acuerdo(*arguments)
    assert ran.exit_code == 2
    assert ran.err
    assert services.asked == []


def test_it_says_so_to_a_program_as_well(started: Path, acuerdo: Acuerdo) -> None:
    ran = acuerdo("case", "show", CASE, "--as-of", "yesterday", "--json")
    assert ran.exit_code == 2
    assert json.loads(ran.err)["error"]["reason"] == "USAGE"
