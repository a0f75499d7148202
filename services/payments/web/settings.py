"""Settings of the HTTP door. Environment: ACUERDO_<FIELD>; the provider's secret is a file, never a value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.runtime import SettingsAreWrong
from services.chassis.settings import Port, is_loopback, secret

Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s?#]*)?$")]


class DoorSettings(BaseSettings):
    """Where the door listens, what it is called outside, and who moves the money."""

    model_config = SettingsConfigDict(env_prefix="ACUERDO_", frozen=True, extra="ignore", hide_input_in_errors=True)

    web_listen: Port | None = None
    """host:port of the HTTP door; port 0 takes a free one; None: there is no door, and no link can be paid."""
    web_plaintext: bool = False
    """Allow a web_listen other than loopback: behind an ingress that ends TLS, never for a network."""
    web_public_url: Url = "http://127.0.0.1:7180"
    """What debtors' browsers call us by: https, except on this machine. Links are <web_public_url>/pay/<token>."""
    web_requests_per_minute: int = Field(60, ge=1)
    """Of one address to the payment pages; more are answered 429."""
    web_forwarded_header: Annotated[str, Field(pattern=r"^[a-z-]{0,40}$")] = ""
    """Header in which a trusted proxy names the caller's address (x-forwarded-for: the last counts); empty: nobody stands before us."""

    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "sandbox"
    """Name of the payment provider: of its webhooks (/webhooks/<name>), and of the payment source under which it is registered."""
    provider_url: Url = "http://127.0.0.1:7190"
    provider_secret_file: Path = Path(".run/keys/provider")
    """Shared with the provider: signs our orders and its webhooks. 32 bytes or more."""

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """From the environment; `SettingsAreWrong` names every setting that is wrong, and no value."""
        try:
            return cls(**overrides)
        except ValidationError as wrong:
            named = "; ".join(f"{'.'.join(map(str, error['loc'])) or 'settings'}: {error['msg']}" for error in wrong.errors())
            raise SettingsAreWrong(named) from None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.web_listen is not None and not self.web_plaintext and not is_loopback(self.web_listen):
            raise ValueError("web_listen is not loopback: say web_plaintext, behind an ingress that ends TLS")
        for name in ("web_public_url", "provider_url"):
            url: str = getattr(self, name)
            if url.startswith("http://") and not is_loopback(_host_and_port(url)):
                raise ValueError(f"{name} must be https, except on this machine")
        return self

    @property
    def provider_secret(self) -> bytes:
        return secret(self.provider_secret_file)


def _host_and_port(url: str) -> str:
    found = url.partition("://")[2].partition("/")[0]
    return found if found.rpartition("]")[2].count(":") else f"{found}:80"
