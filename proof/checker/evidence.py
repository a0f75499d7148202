"""What is left of a run, gathered once for all invariants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from proof.checker.asked import Key, Request, commands_of, requests
from proof.checker.stored import Command, Event, Stored
from proof.history import Attempt


@dataclass
class Evidence:
    """`attempts` None: no history was given."""

    stored: Mapping[str, Stored]
    attempts: list[Attempt] | None

    @cached_property
    def requests(self) -> dict[Key, Request]:
        return requests(self.attempts or ())

    @cached_property
    def commands(self) -> dict[Key, list[Command]]:
        found: dict[Key, list[Command]] = {}
        for service, stored in self.stored.items():
            found |= commands_of(service, stored.commands)
        return found

    @cached_property
    def told(self) -> dict[str, dict[bytes, list[Event]]]:
        """By service and command_id, each in log order."""
        return {service: _by_command(stored) for service, stored in self.stored.items()}

    def events(self) -> Iterator[Event]:
        for stored in self.stored.values():
            yield from stored.events


def _by_command(stored: Stored) -> dict[bytes, list[Event]]:
    found: dict[bytes, list[Event]] = {}
    for event in stored.events:
        found.setdefault(event.command_id, []).append(event)
    return found
