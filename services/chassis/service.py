"""A service on a card for the chassis: its name, its event message, its streams and facts."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from google.protobuf.message import Message

from services.chassis.mapper import Mapper
from services.kernel.facts import Fact


@dataclass(frozen=True)
class Service:
    """Who tells these facts. `domain` are the modules whose Fact classes make the closed registry."""

    name: str
    """Schema, topic part and role prefix: "cases"."""
    event: type[Message]
    """CaseEvent: `meta` and the oneof `event`."""
    domain: Sequence[ModuleType]

    @staticmethod
    def of(name: str, event: type[Message], domain: ModuleType) -> Service:
        """A service whose facts are those of all modules of its `domain` package."""
        modules = [importlib.import_module(f"{domain.__name__}.{found.name}") for found in pkgutil.iter_modules(domain.__path__)]
        return Service(name, event, modules)

    @cached_property
    def facts(self) -> tuple[type[Fact], ...]:
        """Every fact defined (not merely imported) in the domain modules."""
        return tuple(
            kind
            for module in self.domain
            for kind in vars(module).values()
            if inspect.isclass(kind) and issubclass(kind, Fact) and kind is not Fact and kind.__module__ == module.__name__
        )

    @cached_property
    def mapper(self) -> Mapper:
        return Mapper(self.event, self.facts)

    @property
    def package(self) -> str:
        return self.event.DESCRIPTOR.full_name.rpartition(".")[0]

    @property
    def events_topic(self) -> str:
        return f"{self.package}.events"
