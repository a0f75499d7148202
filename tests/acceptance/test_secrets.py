"""Secrets of the services are in their files and nowhere else: not in logs, not in what leaves as telemetry, not in the store."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from tests.acceptance.house import House
from tests.acceptance.test_personal_data import every_row


async def test_no_secret_leaves_its_file(house: House) -> None:
    secrets = {file.name: file.read_bytes().strip() for file in (house.home / "keys").iterdir()}
    assert {"kek", "claims", "payloads", "pages"} <= secrets.keys()
    outputs = {
        "the logs": [house.logs().encode()],
        "telemetry": house.collector.bytes_seen,
        "the database": every_row(house.dsn),
    }
    for where, written in outputs.items():
        found = leaked(secrets, written)
        assert found == [], f"in {where}"


def test_the_search_would_find_a_leak() -> None:
    assert leaked({"claims": b"\x01secret"}, [b'{"key": "01736563726574"}']) == ["claims"]


def leaked(secrets: dict[str, bytes], written: Iterable[bytes]) -> list[str]:
    """Names of the secrets that are found as they are, in hexadecimal or in base64."""
    forms = {
        name: (secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"="))
        for name, secret in secrets.items()
    }
    found = set()
    for text in written:
        found.update(name for name, ways in forms.items() if any(way in text for way in ways))
    return sorted(found)
