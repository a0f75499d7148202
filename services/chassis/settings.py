"""Settings: what a process is told from outside, read once at its start. Environment: ACUERDO_<FIELD>; secrets are files, never values."""

from __future__ import annotations

import ipaddress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.chassis.runtime import SettingsAreWrong

SECRET_BYTES_MIN = 32

Port = Annotated[str, Field(pattern=r"^[^\s:]*(\[[0-9a-fA-F:]+\])?:\d{1,5}$")]
"""host:port."""


class Settings(BaseSettings):
    """One process of one service. Times are real time; business time comes from the clock."""

    model_config = SettingsConfigDict(env_prefix="ACUERDO_", frozen=True, extra="ignore", hide_input_in_errors=True)

    # Where it listens -------------------------------------------------------------------------------------------------
    listen: Port = "127.0.0.1:0"
    """gRPC address; port 0 takes a free one."""
    tls_cert: Path | None = None
    """PEM chain of the server; read again for new connections when the file changes."""
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """PEM of the authority of client certificates; with it, a client without a certificate is turned away (mTLS)."""
    plaintext: bool = False
    """Allow a listen address other than loopback without TLS: for a mesh that encrypts, never for a network."""
    health_listen: Port | None = None
    """Plaintext address that answers grpc.health.v1 and nothing else, for probes that bring no certificate; None: none."""
    reflection: bool = False
    """Answer grpc.reflection, without a token: development only."""

    # What it stands on ------------------------------------------------------------------------------------------------
    postgres: str = "postgresql://127.0.0.1/acuerdo"
    """DSN. A password belongs into a passfile or a service file that the DSN names."""
    kafka: str = "127.0.0.1:9092"
    """Bootstrap addresses, comma-separated."""
    kafka_idempotent: bool = True
    """Off only for the embedded broker, which does not know idempotent producers."""
    partitions: int = Field(12, ge=1, le=1024)
    """Of the service's topic; frozen for each epoch."""
    peers: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """Other services by name, for gap repair: `cases=127.0.0.1:7001,strategy=127.0.0.1:7002`."""
    peer_token_file: Path | None = None
    """The service's own token (role system, tenant *), read again when the file changes."""
    peer_ca: Path | None = None
    """PEM of the authority of the peers' certificates; None: plaintext, loopback only."""

    # Whom it believes -------------------------------------------------------------------------------------------------
    issuer: str = "https://issuer.acuerdo.localhost"
    audience: str = "acuerdo"
    jwks: str = ".run/issuer/jwks.json"
    """File path or https URL of the issuer's keys (http on loopback only)."""
    clock_leeway_seconds: int = Field(5, ge=0, le=60)

    # Its secrets ------------------------------------------------------------------------------------------------------
    kek_file: Path = Path(".run/keys/kek")
    """Key that wraps the keys of data subjects (development; production: a KeyWrapper over KMS). 32 bytes or more, as are the next."""
    claim_key_file: Path = Path(".run/keys/claims")
    """Key of the hashes by which names are claimed."""
    payload_key_file: Path = Path(".run/keys/payloads")
    """Key of the hashes of requests."""
    page_key_file: Path = Path(".run/keys/pages")
    """Key that signs page tokens. The same on every replica."""

    # How it is seen ---------------------------------------------------------------------------------------------------
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: str | None = None
    """http://host:4317 or https://…; None: no traces and no pushed metrics."""
    trace_ratio: float = Field(1.0, ge=0.0, le=1.0)
    metrics_listen: Port | None = None
    """IP:port for Prometheus; None: none."""

    # Time -------------------------------------------------------------------------------------------------------------
    development_clock: bool = False
    """Business time is a row that Operations.AdvanceClock moves. Never in production."""
    development_clock_begins: AwareDatetime | None = None
    """Where the development clock stands in a new database; None: now."""

    # Limits -----------------------------------------------------------------------------------------------------------
    unary_bytes_max: int = Field(256 * 1024, ge=1024)
    message_bytes_max: int = Field(1024 * 1024, ge=1024)
    """Of one message of a stream (up to 128 rows)."""
    metadata_bytes_max: int = Field(8 * 1024, ge=1024)
    rpcs_max: int = Field(512, ge=1)
    """Calls in hand; more are answered RESOURCE_EXHAUSTED with RetryInfo."""
    streams_per_connection_max: int = Field(1024, ge=1)
    """Well above `rpcs_max`: near this bound grpc refuses calls at random, and tells their callers UNAVAILABLE instead of to slow down."""
    unary_seconds_max: float = Field(10.0, gt=0)
    stream_seconds_max: float = Field(3600.0, gt=0)
    connection_age_seconds: int = Field(600, ge=1)
    """Then the client is asked to reconnect: old certificates age out, load spreads."""
    drain_seconds: float = Field(10.0, ge=0)
    page_size_default: int = Field(50, ge=1, le=200)
    page_size_max: int = Field(200, ge=1, le=200)
    replay_chunk_records: int = Field(500, ge=1, le=5000)

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """From the environment; `SettingsAreWrong` names every setting that is wrong, and no value."""
        try:
            return cls(**overrides)
        except ValidationError as wrong:
            named = "; ".join(f"{'.'.join(map(str, error['loc'])) or 'settings'}: {error['msg']}" for error in wrong.errors())
            raise SettingsAreWrong(named) from None

    @field_validator("peers", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return dict(pair.strip().split("=", 1) for pair in value.split(",") if "=" in pair)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ValueError("tls_client_ca needs tls_cert and tls_key")
        if self.tls_cert is None and not self.plaintext and not is_loopback(self.listen):
            raise ValueError("listen is not loopback: give tls_cert and tls_key (or say plaintext, behind an encrypting mesh)")
        return self

    @cached_property
    def kek(self) -> bytes:
        return secret(self.kek_file)

    @cached_property
    def claim_key(self) -> bytes:
        return secret(self.claim_key_file)

    @cached_property
    def payload_key(self) -> bytes:
        return secret(self.payload_key_file)

    @cached_property
    def page_key(self) -> bytes:
        return secret(self.page_key_file)


def secret(path: Path) -> bytes:
    """The bytes of a key file; `SettingsAreWrong` where it is missing or short."""
    try:
        key = path.read_bytes()
    except OSError as missing:
        raise SettingsAreWrong(f"key file {path.name}: {type(missing).__name__}") from None
    if len(key) < SECRET_BYTES_MIN:
        raise SettingsAreWrong(f"key file {path.name}: shorter than {SECRET_BYTES_MIN} bytes")
    return key


def is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
