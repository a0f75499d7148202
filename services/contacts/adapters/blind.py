"""The blind index: keyed hashes of what persons are found by. They live in tables that can be emptied, never in events."""

from __future__ import annotations

import hashlib
import hmac

_PURPOSE = b"acuerdo.contacts.blind.v1"

NATIONAL_ID, CLIENT_REF, PHONE, EMAIL = "NATIONAL_ID", "REFERENCE", "PHONE", "EMAIL"
POSTAL, ACCOUNT, NAME, BIRTH_DATE = "POSTAL", "ACCOUNT", "NAME", "BIRTH_DATE"
"""What is looked up. NAME and BIRTH_DATE only propose matches: nobody is found by them alone."""


class BlindIndex:
    """Whoever holds the table and not the key learns nothing, not even by trying all telephone numbers."""

    def __init__(self, key: bytes) -> None:
        # Apart from the claims' own hashes: a value found in one table is not found in the other.
        self._key = hmac.digest(key, _PURPOSE, hashlib.sha256)

    def blinded(self, tenant_id: str, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, "\x1f".join((tenant_id, kind, value)).encode(), hashlib.sha256)


def national_id(country: str, kind: str, value: str) -> str:
    """A national id as it is looked up and claimed."""
    return f"{country}/{kind}/{value}"


def client_ref(client_id: object, reference: str) -> str:
    return f"{client_id}/{reference}"
