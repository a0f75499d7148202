"""Mail settings: what contacts is told of mail servers and mailboxes. Environment: ACUERDO_CONTACTS_<FIELD>; secrets are files."""

from __future__ import annotations

import hashlib
import hmac
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.runtime import SettingsAreWrong
from services.chassis.settings import is_loopback, secret

ADDRESS = r"^[^@\s<>\"+]{1,48}@[A-Za-z0-9.-]{1,200}$"


class MailSettings(BaseSettings):
    """How contacts sends e-mail, and where what comes back is laid down. Times are real time."""

    model_config = SettingsConfigDict(env_prefix="ACUERDO_CONTACTS_", frozen=True, extra="ignore", hide_input_in_errors=True)

    # Through whom ------------------------------------------------------------------------------------------------------
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(25, ge=1, le=65535)
    smtp_tls: bool = False
    """TLS from the first byte (port 465)."""
    smtp_starttls: bool = False
    """STARTTLS demanded before anything is sent (port 587)."""
    smtp_user: str = ""
    smtp_password_file: Path | None = None
    smtp_seconds_max: float = Field(20.0, gt=0)
    """For one command of the mail server."""
    smtp_connections_max: int = Field(4, ge=1, le=64)

    # In whose name -----------------------------------------------------------------------------------------------------
    mail_from: str = Field("cobros@acuerdo.invalid", pattern=ADDRESS)
    mail_sender_name: str = Field("Acuerdo", min_length=1, max_length=100)
    """Who we are: the variable `sender` of every template."""
    mail_bounces: str = Field("bounces@acuerdo.invalid", pattern=ADDRESS)
    """Envelope sender; each message has its own: bounces+<interaction>@…"""
    mail_opt_out: str = Field("optout@acuerdo.invalid", pattern=ADDRESS)
    """Where opt-outs go; each message has its own: optout+<interaction>@…"""
    mailbox: Path | None = None
    """Maildir into which the mail server lays what comes back to these addresses; None: nobody reads it here."""

    # Payment links -----------------------------------------------------------------------------------------------------
    links_url: str = Field("http://127.0.0.1:8080/pay/", pattern=r"^https?://\S+/$")
    """A link is this and its token."""
    link_key_file: Path | None = None
    """Key of which tokens are made; None: made from the claim key. The same on every replica, for ever (or no link under way works)."""

    # How persistent ----------------------------------------------------------------------------------------------------
    retry_seconds_min: float = Field(5.0, gt=0)
    retry_seconds_max: float = Field(600.0, gt=0)

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """From the environment; `SettingsAreWrong` names every setting that is wrong, and no value."""
        try:
            return cls(**overrides)
        except ValidationError as wrong:
            named = "; ".join(f"{'.'.join(map(str, error['loc'])) or 'mail settings'}: {error['msg']}" for error in wrong.errors())
            raise SettingsAreWrong(named) from None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.smtp_tls and self.smtp_starttls:
            raise ValueError("smtp_tls and smtp_starttls exclude each other")
        if bool(self.smtp_user) != (self.smtp_password_file is not None):
            raise ValueError("smtp_user and smtp_password_file belong together")
        is_plain = not (self.smtp_tls or self.smtp_starttls)
        if is_plain and not is_loopback(f"{self.smtp_host}:{self.smtp_port}"):
            raise ValueError("smtp_host is not loopback: give smtp_tls or smtp_starttls")
        return self

    def link_key(self, claim_key: bytes) -> bytes:
        """`claim_key`: the service's, for where no key of its own is given."""
        if self.link_key_file is not None:
            return secret(self.link_key_file)
        return hmac.digest(claim_key, b"acuerdo.payment-links.v1", hashlib.sha256)

    @cached_property
    def smtp_password(self) -> str | None:
        if self.smtp_password_file is None:
            return None
        try:
            return self.smtp_password_file.read_text().strip()
        except OSError as missing:
            raise SettingsAreWrong(f"smtp_password_file: {type(missing).__name__}") from None
