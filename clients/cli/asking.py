"""What every command that asks a service can be told: where, as whom, in which language, for a person or for a program."""

from __future__ import annotations

import json as json_text
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console, RenderableType

from clients.cli.connection import Doors
from clients.cli.endpoints import SERVICES, Endpoints, left_behind, read
from clients.cli.words import WORDS, Lang, Words

WIDTH_MAX = 100


def spoken() -> Lang:
    """The language of whoever sits here, as POSIX says it: LC_ALL before LC_MESSAGES before LANG."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "es" if said.lower().startswith("es") else "en"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """Options of every command."""

    json: Annotated[bool, Parameter(negative="")] = False
    """Print JSON for a program instead of text for a person."""
    lang: Annotated[Lang, Parameter(env_var="ACUERDO_LANG")] = field(default_factory=spoken)
    """Language of the output; else that of the system."""
    endpoints_file: Annotated[Path | None, Parameter(name="--endpoints", env_var="ACUERDO_ENDPOINTS")] = None
    """The file that `acuerdo up` leaves in its data folder; else the nearest .run/acuerdo/endpoints.json at or above the current folder."""
    target_cases: Annotated[str, Parameter(env_var="ACUERDO_TARGET_CASES")] = ""
    """host:port of the cases service; else what that file says."""
    target_contacts: Annotated[str, Parameter(env_var="ACUERDO_TARGET_CONTACTS")] = ""
    """host:port of the contacts service."""
    target_payments: Annotated[str, Parameter(env_var="ACUERDO_TARGET_PAYMENTS")] = ""
    """host:port of the payments service."""
    target_strategy: Annotated[str, Parameter(env_var="ACUERDO_TARGET_STRATEGY")] = ""
    """host:port of the strategy service."""
    token_file: Annotated[Path | None, Parameter(env_var="ACUERDO_TOKEN_FILE")] = None
    """File that holds the access token."""
    ca: Annotated[Path | None, Parameter(env_var="ACUERDO_CA")] = None
    """PEM of the authority of the servers' certificates; services on other machines are spoken to with TLS only."""

    @property
    def words(self) -> Words:
        return WORDS[self.lang]

    @property
    def endpoints(self) -> Endpoints:
        """Failure where the endpoints file is broken."""
        found = left_behind(Path.cwd()) if self.endpoints_file is None else read(self.endpoints_file)
        told = {name: address for name in SERVICES if (address := getattr(self, f"target_{name}"))}
        return replace(
            found,
            addresses={**found.addresses, **told},
            token_file=self.token_file or found.token_file,
            ca=self.ca,
        )

    def doors(self) -> Doors:
        return Doors(self.endpoints)

    def answer(self, answer: Message | dict[str, Any] | list[Any], *shown: RenderableType) -> None:
        """Print `answer` as JSON, or what is shown of it to a person."""
        if self.json:
            print(json_text.dumps(as_json(answer), ensure_ascii=False, indent=2))
        else:
            console().print(*shown, sep="\n")


def as_json(answer: Any) -> Any:
    """As protobuf's JSON mapping says, with the contract's field names; 64-bit numbers are strings there."""
    if isinstance(answer, Message):
        return MessageToDict(answer, preserving_proto_field_name=True)
    if isinstance(answer, dict):
        return {name: as_json(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [as_json(value) for value in answer]
    return answer


def console(*, is_error: bool = False) -> Console:
    """At most 100 columns wide, and exactly that where nobody looks."""
    made = Console(stderr=is_error, highlight=False, soft_wrap=False)
    made.width = min(made.width, WIDTH_MAX) if (sys.stderr if is_error else sys.stdout).isatty() else WIDTH_MAX
    return made


ASKING = Asking()
