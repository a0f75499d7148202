"""A token issuer for development: one key under `home`, a JWKS file beside it, tokens for whoever asks. Never in production."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

ISSUER = "https://issuer.acuerdo.localhost"
AUDIENCE = "acuerdo"
ALL_TENANTS = "*"
LIFE_SECONDS = 8 * 3600.0


class Issuer:
    """Signs access tokens (RFC 9068) with an Ed25519 key that is made once and kept in `home`."""

    def __init__(self, home: Path, issuer: str = ISSUER, audience: str = AUDIENCE) -> None:
        self.issuer, self.audience = issuer, audience
        self.jwks = home / "jwks.json"
        """What `ACUERDO_JWKS` points at."""
        self._key = _kept_key(home)
        public: dict[str, Any] = json.loads(OKPAlgorithm.to_jwk(self._key.public_key()))
        self._key_id = public["x"][:16]
        document = {"keys": [{**public, "kid": self._key_id, "use": "sig", "alg": "EdDSA"}]}
        write_whole(self.jwks, json.dumps(document).encode(), mode=0o644)

    def token(
        self,
        subject: str,
        roles: Sequence[str],
        tenant: str = "demo",
        *,
        client_ids: Sequence[str] = (),
        person_id: str | None = None,
        agency_id: str | None = None,
        life_seconds: float = LIFE_SECONDS,
        **claims: Any,
    ) -> str:
        """A token. `roles` as in acuerdo.common.v1.Role, lower case: "agent", "operator" …; tenant "*" for the platform's own
        (system, operator): it reads every tenant's log and commands none. Further `claims` replace what would be said."""
        now = int(time.time())
        said: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": int(now + life_seconds),
            "jti": secrets.token_hex(8),
            "tenant_id": tenant,
            "roles": list(roles),
            **({"client_ids": list(client_ids)} if client_ids else {}),
            **({"person_id": person_id} if person_id else {}),
            **({"agency_id": agency_id} if agency_id else {}),
            **claims,
        }
        return jwt.encode(said, self._key, algorithm="EdDSA", headers={"kid": self._key_id, "typ": "at+jwt"})


def kept_secret(path: Path, size: int = 32) -> Path:
    """A key file for development: made once with random bytes, kept afterwards."""
    if not path.exists():
        write_whole(path, secrets.token_bytes(size))
    return path


def _kept_key(home: Path) -> Ed25519PrivateKey:
    path = home / "issuer_key.pem"
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path.name} holds another kind of key")
        return key
    made = Ed25519PrivateKey.generate()
    write_whole(path, made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return made


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Whole or not at all: another process may read it meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    beside.replace(path)
