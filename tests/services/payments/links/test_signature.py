"""Signatures between us and a provider: whose word it is, and how long it is good for."""

from __future__ import annotations

import pytest

from dev import provider as sandbox
from services.payments.adapters.signature import REPLAY_SECONDS_MAX, SignatureIsWrong, sign, verify

SECRET, OTHER = b"s" * 32, b"o" * 32
BODY = b'{"id":"evt_00000001"}'
NOW = 1_800_000_000


def reason(secret: bytes, body: bytes, header: str, now: int = NOW) -> str:
    with pytest.raises(SignatureIsWrong) as wrong:
        verify(secret, body, header, now)
    return wrong.value.reason


def test_what_was_signed_is_taken() -> None:
    verify(SECRET, BODY, sign(SECRET, BODY, NOW), NOW)


def test_the_sandbox_signs_as_we_verify_and_verifies_as_we_sign() -> None:
    """Each has its own code: what one says the other understands."""
    verify(SECRET, BODY, sandbox.sign(SECRET, BODY, NOW), NOW)
    assert sandbox.is_signed(SECRET, BODY, sign(SECRET, BODY, NOW), NOW)
    assert not sandbox.is_signed(SECRET, BODY, sign(OTHER, BODY, NOW), NOW)


def test_another_secret_body_or_time_does_not_match() -> None:
    header = sign(SECRET, BODY, NOW)
    assert reason(OTHER, BODY, header) == "SIGNATURE_DOES_NOT_MATCH"
    assert reason(SECRET, BODY + b" ", header) == "SIGNATURE_DOES_NOT_MATCH"
    assert reason(SECRET, BODY, header.replace(str(NOW), str(NOW + 1))) == "SIGNATURE_DOES_NOT_MATCH"


@pytest.mark.parametrize("after", [REPLAY_SECONDS_MAX, -REPLAY_SECONDS_MAX])
def test_a_good_signature_lives_for_minutes(after: int) -> None:
    header = sign(SECRET, BODY, NOW)
    verify(SECRET, BODY, header, NOW + after)
    assert reason(SECRET, BODY, header, NOW + after + (1 if after > 0 else -1)) == "SIGNATURE_IS_TOO_OLD"


def test_a_provider_that_changes_its_secret_signs_with_both() -> None:
    old, new = sign(OTHER, BODY, NOW), sign(SECRET, BODY, NOW)
    verify(SECRET, BODY, f"{old},{new.partition(',')[2]}", NOW)


@pytest.mark.parametrize(
    "header",
    ["t=1", "v1=00", "t=x,v1=00", "t=1,t=2,v1=00", "t=1," + "v1=00," * 5, "t=1,v1=" + "0" * 400, "t=١,v1=00", "nonsense"],
)
def test_what_is_no_signature_is_refused_without_being_compared(header: str) -> None:
    assert reason(SECRET, BODY, header) == "SIGNATURE_IS_MALFORMED"


def test_a_missing_signature_is_said_to_be_missing() -> None:
    assert reason(SECRET, BODY, "") == "SIGNATURE_IS_MISSING"
