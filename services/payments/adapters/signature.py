"""Signatures of HTTP messages between us and a payment provider: HMAC-SHA-256 over time and body, good for a few minutes only.

    Acuerdo-Signature: t=<Unix seconds>,v1=<hexadecimal HMAC-SHA-256 of "<t>.<body>" under the shared secret>

Whoever changes its secret signs with the old and the new one for a while: several v1 are allowed.
"""

from __future__ import annotations

import hashlib
import hmac

HEADER = "acuerdo-signature"
REPLAY_SECONDS_MAX = 300
SIGNATURES_MAX = 4
HEADER_CHARACTERS_MAX = 400


class SignatureIsWrong(Exception):
    """`reason` is one of our own words; nothing of the message is in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def sign(secret: bytes, body: bytes, at: int) -> str:
    """The header's value. `at`: Unix seconds of real time."""
    return f"t={at},v1={_mac(secret, body, at)}"


def verify(secret: bytes, body: bytes, header: str, now: int) -> None:
    """SignatureIsWrong unless somebody with the secret signed this body within REPLAY_SECONDS_MAX of `now` (Unix seconds, real time)."""
    at, said = _read(header)
    # Compared before the time is looked at, and all of them: how long it takes says nothing of what was wrong.
    expected = _mac(secret, body, at)
    matches = [hmac.compare_digest(expected, one) for one in said]
    if not any(matches):
        raise SignatureIsWrong("SIGNATURE_DOES_NOT_MATCH")
    if abs(now - at) > REPLAY_SECONDS_MAX:
        raise SignatureIsWrong("SIGNATURE_IS_TOO_OLD")


def _mac(secret: bytes, body: bytes, at: int) -> str:
    return hmac.digest(secret, b"%d." % at + body, hashlib.sha256).hex()


def _read(header: str) -> tuple[int, list[str]]:
    if not header:
        raise SignatureIsWrong("SIGNATURE_IS_MISSING")
    if len(header) > HEADER_CHARACTERS_MAX or not header.isascii():
        raise SignatureIsWrong("SIGNATURE_IS_MALFORMED")
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    macs = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not 1 <= len(macs) <= SIGNATURES_MAX or not (times[0].isdigit() and len(times[0]) <= 12):
        raise SignatureIsWrong("SIGNATURE_IS_MALFORMED")
    return int(times[0]), macs
