"""Pages: opaque tokens that carry where the next page begins, signed, and bound to the caller and to the filters they were given for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from services.chassis.rpc.call import call_in_hand
from services.kernel.refusal import IsInvalid

Cursor = Sequence[str | int]
"""The sort key of the last row given."""

_MAC_BYTES = 16
_NOT_A_FILTER = ("page_token", "page_size", "min_position")


class Pages:
    """Makes and reads page tokens. `key` is the same on every replica."""

    def __init__(self, key: bytes, size_default: int = 50, size_max: int = 200) -> None:
        self._key, self._size_default, self._size_max = key, size_default, size_max

    def size(self, request: Any) -> int:
        return min(request.page_size or self._size_default, self._size_max)

    def token(self, after: Cursor, request: Message) -> str:
        """The token of the page that begins after the row with this sort key, for the same request by the same caller."""
        body = json.dumps(list(after), separators=(",", ":"), ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(self._mac(body, request) + body).decode().rstrip("=")

    def after(self, request: Any) -> list[Any] | None:
        """Where the asked page begins; None: at the beginning. IsInvalid for a token that is not ours or not for this question."""
        token: str = request.page_token
        if not token:
            return None
        try:
            signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise IsInvalid("page_token", "is not a page token") from None
        mac, body = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body, request)):
            raise IsInvalid("page_token", "belongs to another question, or was changed")
        cursor: list[Any] = json.loads(body)
        return cursor

    def _mac(self, body: bytes, request: Message) -> bytes:
        filters = type(request)()
        filters.CopyFrom(request)
        for name in _NOT_A_FILTER:
            if name in filters.DESCRIPTOR.fields_by_name:
                filters.ClearField(name)
        who = call_in_hand().principal
        bound = (
            who.tenant_id.encode(),
            who.name.encode(),
            request.DESCRIPTOR.full_name.encode(),
            filters.SerializeToString(deterministic=True),
            body,
        )
        text = b"".join(len(part).to_bytes(4, "big") + part for part in bound)
        return hmac.digest(self._key, text, hashlib.sha256)[:_MAC_BYTES]
