"""The issuer's keys: a JWKS from a file or a URL, kept for a while, fetched again when a token names a key we do not know."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from services.chassis.runtime import SettingsAreWrong

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Fixed: asymmetric signatures only (RFC 8725 §3.1, §3.2). What a token's header says is compared with its key, never believed."""

REFRESH_EVERY_SECONDS = 300.0
ASK_AGAIN_AFTER_SECONDS = 10.0
"""At least this long between two fetches, however many unknown keys are named meanwhile."""
FETCH_WITHIN_SECONDS = 3.0
JWKS_BYTES_MAX = 256 * 1024

_log = structlog.get_logger("identity")


class KeysAreUnavailable(Exception):
    """The issuer's keys could not be fetched even once: no token can be judged. (UNAVAILABLE: never fail open.)"""


class IssuerKeys:
    """Verification keys by key id. `source` is a file path, an https URL, or an http URL on loopback."""

    def __init__(self, source: str) -> None:
        scheme = urlsplit(source).scheme
        if scheme == "http" and urlsplit(source).hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise SettingsAreWrong("jwks: a URL must be https (http on loopback only)")
        if scheme not in {"", "http", "https"}:
            raise SettingsAreWrong("jwks: must be a file path or an https URL")
        self._source = source
        self._is_url = scheme != ""
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def key(self, key_id: str) -> PyJWK | None:
        """The key, or None where the issuer has none of that name."""
        now = time.monotonic()
        if now - self._fetched_at > REFRESH_EVERY_SECONDS or key_id not in self._keys:
            await self._refresh(key_id)
        if not self._keys:
            raise KeysAreUnavailable
        return self._keys.get(key_id)

    async def _refresh(self, key_id: str) -> None:
        async with self._fetching:
            now = time.monotonic()
            is_known_and_new = key_id in self._keys and now - self._fetched_at <= REFRESH_EVERY_SECONDS
            if is_known_and_new or now - self._tried_at < ASK_AGAIN_AFTER_SECONDS:
                return
            self._tried_at = now
            try:
                self._keys = _usable(await asyncio.wait_for(asyncio.to_thread(self._fetch), FETCH_WITHIN_SECONDS + 1))
                self._fetched_at = time.monotonic()
            except (OSError, ValueError, TimeoutError) as failed:
                # What we have stays good for signatures we can check; an unknown key stays unknown.
                _log.warning("issuer_keys_not_fetched", exc_info=failed)

    def _fetch(self) -> bytes:
        if not self._is_url:
            return Path(self._source).read_bytes()
        with urllib.request.urlopen(self._source, timeout=FETCH_WITHIN_SECONDS) as answer:
            body: bytes = answer.read(JWKS_BYTES_MAX + 1)
        if len(body) > JWKS_BYTES_MAX:
            raise ValueError("the JWKS is too large")
        return body


def _usable(body: bytes) -> Mapping[str, PyJWK]:
    """Asymmetric signature keys with an id. Others (symmetric keys above all) are left out."""
    keys: dict[str, PyJWK] = {}
    for described in _described(body):
        if described.get("use", "sig") != "sig" or not isinstance(described.get("kid"), str):
            continue
        try:
            key = PyJWK.from_dict(described)
        except PyJWTError:
            _log.warning("issuer_key_not_usable", key=described.get("kid"))
            continue
        if key.algorithm_name in ALGORITHMS:
            keys[described["kid"]] = key
    if not keys:
        raise ValueError("the JWKS has no usable key")
    return keys


def _described(body: bytes) -> list[dict[str, Any]]:
    parsed = json.loads(body)
    listed = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JWKS")
    return [described for described in listed if isinstance(described, dict)]
