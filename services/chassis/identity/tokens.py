"""Tokens: an OIDC access token (RFC 9068) becomes a Principal, or the call ends here. Real time, fixed algorithms (RFC 8725)."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from typing import Any, cast
from uuid import UUID

import jwt
from acuerdo.common.v1.access_pb2 import Role
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from services.chassis.identity.keys import ALGORITHMS, IssuerKeys
from services.chassis.identity.principal import ALL_TENANTS, NotAuthenticated, Principal

TOKEN_CHARACTERS_MAX = 6000
KEPT_MAX = 4096
KEPT_SECONDS = 30.0
"""A verified token is believed this long without a look at its signature: revoking a key takes effect within it."""
CLIENTS_MAX = 200

_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_OF_THE_PLATFORM = frozenset({Role.ROLE_SYSTEM, Role.ROLE_OPERATOR})


class Tokens:
    """Verifies bearer tokens of one issuer for one audience."""

    def __init__(self, keys: IssuerKeys, issuer: str, audience: str, leeway_seconds: int = 5) -> None:
        self._keys, self._issuer, self._audience, self._leeway_seconds = keys, issuer, audience, leeway_seconds
        self._kept: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def principal(self, token: str) -> Principal:
        """Whoever the token was issued to; NotAuthenticated with a reason, KeysAreUnavailable where nothing can be judged."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise NotAuthenticated("TOKEN_IS_NOT_VALID")
        digest = hashlib.sha256(token.encode()).digest()
        good_until, principal = self._kept.get(digest, (0.0, None))
        if principal is not None and time.monotonic() < good_until:
            return principal
        claims = await self._verified(token)
        principal = _principal(claims)
        self._keep(digest, principal, min(KEPT_SECONDS, claims["exp"] - _real_seconds()))
        return principal

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except PyJWTError:
            raise NotAuthenticated("TOKEN_IS_NOT_VALID") from None
        key_id, algorithm = header.get("kid"), header.get("alg")
        if str(header.get("typ", "")).lower() not in _TYPES or algorithm not in ALGORITHMS or not isinstance(key_id, str):
            raise NotAuthenticated("TOKEN_IS_NOT_VALID")
        if "crit" in header:
            raise NotAuthenticated("TOKEN_IS_NOT_VALID")
        key = await self._keys.key(key_id)
        if key is None or key.algorithm_name != algorithm:
            raise NotAuthenticated("TOKEN_IS_NOT_VALID")
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway_seconds,
                options={"require": _REQUIRED, "verify_nbf": True, "verify_iat": True},
            )
        except ExpiredSignatureError:
            raise NotAuthenticated("TOKEN_HAS_EXPIRED") from None
        except PyJWTError:
            raise NotAuthenticated("TOKEN_IS_NOT_VALID") from None

    def _keep(self, digest: bytes, principal: Principal, seconds: float) -> None:
        self._kept[digest] = (time.monotonic() + seconds, principal)
        self._kept.move_to_end(digest)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)


def _principal(claims: dict[str, Any]) -> Principal:
    """Strict: a claim that is missing or of another shape is no token of ours."""
    try:
        roles = frozenset(cast(Role, Role.Value(f"ROLE_{name.upper()}")) for name in _texts(claims, "roles"))
        clients = _texts(claims, "client_ids") if "client_ids" in claims else []
        person = claims.get("person_id")
        principal = Principal(
            issuer=_text(claims, "iss"),
            subject=_text(claims, "sub"),
            tenant_id=_text(claims, "tenant_id"),
            roles=roles,
            client_ids=frozenset(map(UUID, clients)),
            agency_id=_text(claims, "agency_id") if "agency_id" in claims else "",
            person_id=UUID(person) if person is not None else None,
            is_bot=claims.get("is_bot") is True,
            acting_subject=_text(claims["act"], "sub") if "act" in claims else "",
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotAuthenticated("TOKEN_CLAIMS_ARE_NOT_VALID") from None
    is_too_wide = principal.tenant_id == ALL_TENANTS and not principal.roles <= _OF_THE_PLATFORM
    if not roles or Role.ROLE_UNSPECIFIED in roles or is_too_wide:
        raise NotAuthenticated("TOKEN_CLAIMS_ARE_NOT_VALID")
    return principal


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise ValueError(name)
    return value


def _texts(claims: dict[str, Any], name: str) -> list[str]:
    values = claims[name]
    if not isinstance(values, list) or len(values) > CLIENTS_MAX or not all(isinstance(value, str) for value in values):
        raise ValueError(name)
    return values


def _real_seconds() -> float:
    return time.time()  # noqa: TID251  # tokens always use real time
