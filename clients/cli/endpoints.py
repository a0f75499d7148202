"""Where the services are: told by options or the environment, else by the file that `acuerdo up` leaves behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clients.cli.failures import NOT_AUTHORISED, UNAVAILABLE, Failure

PLACE = Path(".run/acuerdo/endpoints.json")
"""Below the current directory or one above it."""
SERVICES = ("cases", "contacts", "payments", "strategy")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses as host:port; empty where they are not known."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    """By service."""
    kafka: str = ""
    token_file: Path | None = None
    tenant: str = ""
    ca: Path | None = None
    """PEM of the authority of the servers' certificates, for services that are not on this machine; None: the system's own."""

    def address(self, service: str) -> str:
        """Failure where it is not known."""
        if found := self.addresses.get(service):
            return found
        raise Failure(UNAVAILABLE, f"I do not know where the service {service} is.", "NO_ENDPOINT", (HINT,))

    def bootstrap(self) -> str:
        """Kafka's. Failure where it is not known."""
        if self.kafka:
            return self.kafka
        raise Failure(
            UNAVAILABLE, "I do not know where Kafka is.", "NO_ENDPOINT", ("Start everything with `acuerdo up`, or say --kafka HOST:PORT.",)
        )

    def token(self, role: str = "") -> str:
        """The token in use, or that of one role, which `acuerdo up` leaves beside it. Failure where there is none or it cannot be read."""
        if self.token_file is None:
            raise Failure(
                NOT_AUTHORISED, "I have no token.", "NO_TOKEN", ("Start everything with `acuerdo up`, or say --token-file FILE.",)
            )
        file = self.token_file.parent / "tokens" / Path(role).name if role else self.token_file
        try:
            return file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(NOT_AUTHORISED, f"The token in {file} cannot be read.", "NO_TOKEN") from error


HINT = "Start everything with `acuerdo up`, or say --target-cases HOST:PORT, --target-strategy HOST:PORT and so on."


def left_behind(start: Path) -> Endpoints:
    """What `up` left: what the nearest endpoints file at or above `start` says; nothing where there is none. Failure for a broken one."""
    for folder in (start, *start.parents):
        file = folder / PLACE
        if file.is_file():
            return read(file)
    return Endpoints()


def read(file: Path) -> Endpoints:
    """What the file says. Failure where it cannot be read."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        texts = {str(name): value for name, value in said.items() if isinstance(value, str)}
    except (OSError, ValueError, AttributeError) as error:
        raise Failure(UNAVAILABLE, f"{file} cannot be read: start everything again with `acuerdo up`.", "NO_ENDPOINT") from error
    token_file = texts.get("token_file")
    return Endpoints(
        addresses={name: texts[name] for name in SERVICES if texts.get(name)},
        kafka=texts.get("kafka", ""),
        token_file=_found_from(file, token_file) if token_file else None,
        tenant=texts.get("tenant", ""),
    )


def _found_from(file: Path, named: str) -> Path:
    """An absolute path as it is; else below the folder in which `up` was called, one of those above the file, else beside the file."""
    above = (folder / named for folder in file.resolve().parents)
    return next((path for path in above if path.is_file()), file.parent / named)
