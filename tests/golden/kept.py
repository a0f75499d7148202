"""The golden events as files, and as today's code would write them."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from acuerdo.common.v1.types_pb2 import Actor, Causation, DecisionContext, EventMeta
from google.protobuf import json_format

from services.cases.card import CASES
from services.chassis.log.meta import SharedMeta
from services.chassis.service import Service
from services.contacts.card import CONTACTS
from services.kernel.facts import Fact, Stream
from services.payments.card import PAYMENTS
from services.strategy.card import STRATEGY
from tests.golden import examples_of_cases, examples_of_contacts, examples_of_links, examples_of_payments, examples_of_strategy

HOME = Path(__file__).resolve().parent
HEX_COLUMNS = 120

META = EventMeta(
    tenant_id="demo",
    actor=Actor(kind=Actor.KIND_AGENT, id="agent-7", on_behalf_of="supervisor-1"),
    command_id=bytes(range(16)),
    causation=Causation(stream_id=bytes(range(16, 32)), version=7),
    correlation_id=bytes(range(32, 48)),
    context=DecisionContext(strategy_version="s-1", rule_pack_version="r-1", experiment_arm="a", contact_id=bytes(range(48, 64))),
)
"""The same for all, with every field set. Chains are tested elsewhere: one golden event never depends on another one's bytes."""
SHARED = SharedMeta.of(META)
PREVIOUS = hashlib.sha256(b"the event before").digest()

Streams = Callable[[], Iterator[tuple[type[Stream], list[Fact]]]]


@dataclass(frozen=True)
class Kept:
    """One golden event as its files say it."""

    service: str
    name: str
    number: int
    event: bytes
    said: Mapping[str, Any]
    """The JSON file: type, sha256, event."""


def kept() -> list[Kept]:
    found = []
    for file in sorted(HOME.glob("*/*.hex")):
        name, number, _ = file.name.split(".")
        said = json.loads(file.with_suffix(".json").read_text())
        found.append(Kept(file.parent.name, name, int(number.removeprefix("v")), bytes.fromhex(file.read_text()), said))
    return found


def written_today(service: Service) -> dict[str, bytes]:
    """By event name: the bytes of its first example."""
    written: dict[str, bytes] = {}
    for _, facts in EXAMPLES[service.name]():
        for fact in facts:
            written.setdefault(type(fact).__name__, service.mapper.encode(fact, SHARED, PREVIOUS).event)
    return written


def add_missing() -> list[str]:
    """Write files for events that have none, and for those that are written otherwise by now. Nothing is overwritten."""
    newest = {(one.service, one.name): one for one in sorted(kept(), key=lambda one: one.number)}
    added = []
    for service in SERVICES:
        for name, event in written_today(service).items():
            before = newest.get((service.name, name))
            if before is not None and before.event == event:
                continue
            stem = f"{service.name}/{name}.v{before.number + 1 if before else 1}"
            _write(HOME / f"{stem}.hex", "\n".join(textwrap.wrap(event.hex(), HEX_COLUMNS)) + "\n")
            _write(HOME / f"{stem}.json", rendered(service, name, event))
            added.append(stem)
    return added


def rendered(service: Service, name: str, event: bytes) -> str:
    message = json_format.MessageToDict(service.event.FromString(event), preserving_proto_field_name=True)
    document = {"type": f"{service.package}.{name}", "sha256": hashlib.sha256(event).hexdigest(), "event": message}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    with file.open("x") as new:
        new.write(text)


SERVICES = (CASES, CONTACTS, PAYMENTS, STRATEGY)
EXAMPLES: dict[str, Streams] = {
    "cases": examples_of_cases.streams,
    "contacts": examples_of_contacts.streams,
    "payments": lambda: chain(examples_of_payments.streams(), examples_of_links.streams()),
    "strategy": examples_of_strategy.streams,
}
