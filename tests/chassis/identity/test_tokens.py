"""Tokens, presented to a real server: only those that our issuer signed, for us, and that are in force, are believed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import jwt
import pytest
from acuerdo.common.v1 import log_pb2, log_pb2_grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from jwt.algorithms import RSAAlgorithm

from dev.issuer import Issuer
from services.chassis.identity import Principal, keys
from services.chassis.rpc import words
from services.chassis.rpc.server import Rpc
from services.chassis.runtime import SettingsAreWrong
from services.chassis.settings import Settings

CLIENT = "0190a000-0000-7000-8000-00000000000c"


class WhoAmI(log_pb2_grpc.LogServicer):
    """Remembers who called."""

    def __init__(self) -> None:
        self.seen: list[Principal] = []

    async def Head(self, request: Any, context: Any) -> log_pb2.HeadResponse:
        self.seen.append(words.caller(context))
        return log_pb2.HeadResponse()

    async def VerifyStream(self, request: Any, context: Any) -> log_pb2.VerifyStreamResponse:
        return log_pb2.VerifyStreamResponse()

    async def Replay(self, request: Any, context: Any) -> AsyncIterator[log_pb2.ReplayResponse]:
        yield log_pb2.ReplayResponse()


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "issuer")


Ask = Callable[[str | None], Any]


@asynccontextmanager
async def asked(settings: Settings) -> AsyncIterator[tuple[WhoAmI, Ask]]:
    servicer = WhoAmI()
    rpc = Rpc(settings, servicer)
    await rpc.start()

    async def ask(token: str | None) -> str:
        """OK, or the reason in the status's ErrorInfo."""
        metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        try:
            await log_pb2_grpc.LogStub(channel).Head(log_pb2.HeadRequest(), metadata=metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
            if token and token.encode() in details:
                return "the answer quotes the token"
            return f"{error.code().name} {_reason(details)}"
        return "OK"

    try:
        async with grpc.aio.insecure_channel(rpc.address) as channel:
            yield servicer, ask
    finally:
        await rpc.stop()


def _reason(details: Any) -> str:
    info = ErrorInfo()
    assert Status.FromString(details).details[0].Unpack(info)
    return str(info.reason)


async def test_the_principal_is_what_the_token_says(issuer: Issuer) -> None:
    async with asked(Settings(jwks=str(issuer.jwks))) as (servicer, ask):
        assert await ask(issuer.token("acme-portal", ["client"], "north", client_ids=[CLIENT])) == "OK"
        [who] = servicer.seen
    assert (who.tenant_id, who.subject, who.name) == ("north", "acme-portal", f"{issuer.issuer}#acme-portal")
    assert (who.actor.kind, who.actor.id) == ("CLIENT", "acme-portal")
    assert who.may_see_client(UUID(CLIENT))
    assert not who.may_see_client(UUID(int=1))
    assert who.scope.client_ids == {UUID(CLIENT)}


async def test_ours_see_every_client_of_their_tenant_and_outsiders_only_their_own(issuer: Issuer) -> None:
    async with asked(Settings(jwks=str(issuer.jwks))) as (servicer, ask):
        assert await ask(issuer.token("ana", ["supervisor"])) == "OK"
        assert await ask(issuer.token("both", ["supervisor", "client"])) == "OK"
        ours, both = servicer.seen
    assert ours.scope.client_ids is None
    assert both.scope.client_ids == frozenset(), "an outsider's role narrows, whatever else the token says"
    assert both.actor.kind == "CLIENT"


async def test_a_delegate_acts_on_behalf_of_the_subject(issuer: Issuer) -> None:
    async with asked(Settings(jwks=str(issuer.jwks))) as (servicer, ask):
        assert await ask(issuer.token("ana", ["supervisor"], act={"sub": "crm"})) == "OK"
        [who] = servicer.seen
    assert (who.actor.kind, who.actor.id, who.actor.on_behalf_of) == ("AGENT", "crm", "ana")


def _resigned(issuer: Issuer, header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """The issuer's claims under another header and signature."""
    claims = issuer.token("ana", ["supervisor"]).split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps({"typ": "at+jwt", "kid": _key_id(issuer), **header}).encode()).rstrip(b"=").decode()
    signed = f"{head}.{claims}"
    return f"{signed}.{base64.urlsafe_b64encode(sign(signed.encode())).rstrip(b'=').decode()}"


def _key_id(issuer: Issuer) -> str:
    return str(json.loads(issuer.jwks.read_text())["keys"][0]["kid"])


def _public_bytes(issuer: Issuer, encoding: Encoding, shape: PublicFormat) -> bytes:
    return issuer._key.public_key().public_bytes(encoding, shape)


STRANGER = Ed25519PrivateKey.generate()


def forgeries(issuer: Issuer) -> dict[str, str]:
    """Tokens that must not be believed, by what is wrong with them."""
    good = issuer.token("ana", ["supervisor"])
    head, claims, signature = good.split(".")
    raw = _public_bytes(issuer, Encoding.Raw, PublicFormat.Raw)
    pem = _public_bytes(issuer, Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    said = jwt.decode(good, options={"verify_signature": False})
    grander = base64.urlsafe_b64encode(json.dumps({**said, "roles": ["operator"]}).encode()).rstrip(b"=").decode()
    return {
        "no algorithm": _resigned(issuer, {"alg": "none"}, lambda _: b""),
        "no algorithm, other spelling": _resigned(issuer, {"alg": "nOnE"}, lambda _: b""),
        "HMAC with the public key (PEM)": _resigned(issuer, {"alg": "HS256"}, lambda text: hmac.digest(pem, text, hashlib.sha256)),
        "HMAC with the public key (raw)": _resigned(issuer, {"alg": "HS256"}, lambda text: hmac.digest(raw, text, hashlib.sha256)),
        "another algorithm than the key's": _resigned(issuer, {"alg": "RS256"}, STRANGER.sign),
        "a stranger's key under the issuer's key id": _resigned(issuer, {"alg": "EdDSA"}, STRANGER.sign),
        "a key of its own in the header": jwt.encode(
            said,
            STRANGER,
            algorithm="EdDSA",
            headers={"typ": "at+jwt", "kid": "mine", "jwk": json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(STRANGER.public_key()))},
        ),
        "an unknown key id": jwt.encode(said, STRANGER, algorithm="EdDSA", headers={"typ": "at+jwt", "kid": "unknown"}),
        "no key id": jwt.encode(said, issuer._key, algorithm="EdDSA", headers={"typ": "at+jwt"}),
        "an id token": jwt.encode(said, issuer._key, algorithm="EdDSA", headers={"typ": "JWT", "kid": _key_id(issuer)}),
        "a critical extension": jwt.encode(
            said, issuer._key, algorithm="EdDSA", headers={"typ": "at+jwt", "kid": _key_id(issuer), "crit": ["x"], "x": 1}
        ),
        "changed claims": f"{head}.{grander}.{signature}",
        "no signature": f"{head}.{claims}.",
        "another audience": issuer.token("ana", ["supervisor"], aud="somebody-else"),
        "another issuer": issuer.token("ana", ["supervisor"], iss="https://evil.example"),
        "not yet": issuer.token("ana", ["supervisor"], nbf=int(time.time()) + 600),
        "issued in the future": issuer.token("ana", ["supervisor"], iat=int(time.time()) + 600),
        "not a token": "ana",
        "endless": "a." * 3500,
    }


BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "no role": {"roles": []},
    "an unknown role": {"roles": ["emperor"]},
    "the unspecified role": {"roles": ["unspecified"]},
    "roles as a text": {"roles": "supervisor"},
    "no tenant": {"tenant_id": ""},
    "every tenant for a supervisor": {"tenant_id": "*"},
    "every tenant for an operator who is a client too": {"tenant_id": "*", "roles": ["operator", "client"]},
    "client ids that are none": {"client_ids": ["x"]},
}


async def test_forged_and_foreign_tokens_are_not_believed(issuer: Issuer) -> None:
    async with asked(Settings(jwks=str(issuer.jwks))) as (servicer, ask):
        found = {what: await ask(token) for what, token in forgeries(issuer).items()}
        assert found == dict.fromkeys(found, "UNAUTHENTICATED TOKEN_IS_NOT_VALID")
        claims = {what: await ask(issuer.token("ana", said.pop("roles", ["supervisor"]), **said)) for what, said in BAD_CLAIMS.items()}
        assert claims == dict.fromkeys(claims, "UNAUTHENTICATED TOKEN_CLAIMS_ARE_NOT_VALID")
        assert await ask(None) == "UNAUTHENTICATED TOKEN_IS_MISSING"
        assert servicer.seen == []
        assert await ask(issuer.token("ana", ["supervisor"])) == "OK"


async def test_a_token_ends_when_it_says_also_when_it_was_believed_before(issuer: Issuer) -> None:
    async with asked(Settings(jwks=str(issuer.jwks), clock_leeway_seconds=0)) as (_, ask):
        assert await ask(issuer.token("ana", ["supervisor"], life_seconds=-1)) == "UNAUTHENTICATED TOKEN_HAS_EXPIRED"
        short = issuer.token("ana", ["supervisor"], life_seconds=2)
        assert await ask(short) == "OK"
        await asyncio.sleep(2.1)
        assert await ask(short) == "UNAUTHENTICATED TOKEN_HAS_EXPIRED"


@pytest.fixture
def jwks_server() -> Iterator[tuple[str, dict[str, Any]]]:
    """An https-like issuer on loopback: (URL, {"body": …, "asked": n, "is_up": bool})."""
    state: dict[str, Any] = {"body": b"{}", "asked": 0, "is_up": True}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"] += 1
            self.send_response(200 if state["is_up"] else 503)
            self.end_headers()
            self.wfile.write(state["body"] if state["is_up"] else b"")

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks", state
    server.shutdown()
    server.server_close()


async def test_a_new_key_of_the_issuer_is_fetched_once_and_strangers_cannot_make_us_ask_again(
    issuer: Issuer, tmp_path: Path, jwks_server: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, state = jwks_server
    state["body"] = issuer.jwks.read_bytes()
    successor = Issuer(tmp_path / "successor")
    async with asked(Settings(jwks=url)) as (_, ask):
        assert await ask(issuer.token("ana", ["supervisor"])) == "OK"
        assert state["asked"] == 1
        state["body"] = json.dumps(
            {"keys": json.loads(issuer.jwks.read_bytes())["keys"] + json.loads(successor.jwks.read_bytes())["keys"]}
        ).encode()
        for _ in range(20):
            assert await ask(successor.token("ana", ["supervisor"])) == "UNAUTHENTICATED TOKEN_IS_NOT_VALID"
        assert state["asked"] == 1, "within the pause nobody makes us fetch"
        monkeypatch.setattr(keys, "ASK_AGAIN_AFTER_SECONDS", 0.0)
        assert await ask(successor.token("ana", ["supervisor"])) == "OK"
        assert state["asked"] == 2


async def test_without_the_issuer_nobody_is_let_in_and_known_keys_stay_good(
    issuer: Issuer, jwks_server: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "ASK_AGAIN_AFTER_SECONDS", 0.0)
    url, state = jwks_server
    state["is_up"] = False
    async with asked(Settings(jwks=url)) as (servicer, ask):
        assert await ask(issuer.token("ana", ["supervisor"])) == "UNAVAILABLE IDENTITY_IS_UNAVAILABLE"
        assert servicer.seen == []
        state["is_up"], state["body"] = True, issuer.jwks.read_bytes()
        assert await ask(issuer.token("ana", ["supervisor"])) == "OK"
        state["is_up"] = False
        monkeypatch.setattr(keys, "REFRESH_EVERY_SECONDS", 0.0)
        assert await ask(issuer.token("berta", ["supervisor"])) == "OK"


async def test_a_symmetric_key_in_the_issuers_set_is_no_key(issuer: Issuer, jwks_server: tuple[str, dict[str, Any]]) -> None:
    url, state = jwks_server
    shared = b"s" * 32
    listed = [{"kty": "oct", "kid": "shared", "alg": "HS256", "k": base64.urlsafe_b64encode(shared).rstrip(b"=").decode()}]
    state["body"] = json.dumps({"keys": [*listed, *json.loads(issuer.jwks.read_bytes())["keys"]]}).encode()
    claims = jwt.decode(issuer.token("ana", ["supervisor"]), options={"verify_signature": False})
    forged = jwt.encode(claims, shared, algorithm="HS256", headers={"typ": "at+jwt", "kid": "shared"})
    async with asked(Settings(jwks=url)) as (_, ask):
        assert await ask(forged) == "UNAUTHENTICATED TOKEN_IS_NOT_VALID"


async def test_an_rsa_issuer_is_believed_too(issuer: Issuer, jwks_server: tuple[str, dict[str, Any]]) -> None:
    url, state = jwks_server
    key = generate_private_key(65537, 2048)
    state["body"] = json.dumps({"keys": [{**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": "r", "alg": "RS256"}]}).encode()
    claims = jwt.decode(issuer.token("ana", ["supervisor"]), options={"verify_signature": False})
    async with asked(Settings(jwks=url)) as (_, ask):
        assert await ask(jwt.encode(claims, key, algorithm="RS256", headers={"typ": "at+jwt", "kid": "r"})) == "OK"
        assert await ask(jwt.encode(claims, key, algorithm="PS256", headers={"typ": "at+jwt", "kid": "r"})) != "OK"
        assert await ask(jwt.encode(claims, key, algorithm="RS512", headers={"typ": "at+jwt", "kid": "r"})) != "OK"


@pytest.mark.parametrize("source", ["http://issuer.example/jwks", "ftp://issuer.example/jwks", "data:,x"])
def test_keys_come_by_a_trusted_way(source: str) -> None:
    with pytest.raises(SettingsAreWrong, match="jwks"):
        keys.IssuerKeys(source)


def test_the_development_issuer_keeps_its_key(tmp_path: Path) -> None:
    first = Issuer(tmp_path)
    second = Issuer(tmp_path)
    assert first.jwks.read_bytes() == second.jwks.read_bytes()
    assert (tmp_path / "issuer_key.pem").stat().st_mode & 0o077 == 0
