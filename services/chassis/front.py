"""What every front door needs: settings, clock, log, and the parts that tell and hear. The service's own parts are added by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from google.protobuf.message import Message

from services.chassis.clock import DevelopmentClock
from services.chassis.follower.calling import Caller, Find, What
from services.chassis.follower.reactions import Reactions
from services.chassis.follower.relay import Relay
from services.chassis.follower.replays import GrpcReplays
from services.chassis.follower.source import Source
from services.chassis.follower.timers import TimerRunner
from services.chassis.follower.topics import Kafka
from services.chassis.follower.views import Views
from services.chassis.heard import Reactions as Table
from services.chassis.heard import Timers, View
from services.chassis.log.connections import dsn_as
from services.chassis.log.log import Log
from services.chassis.log.sweeper import Sweeper
from services.chassis.part import Part
from services.chassis.rpc.health import HealthDoor
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.peers import PeerToken, peer_channel
from services.chassis.rpc.words import AskedBy
from services.chassis.runtime import SettingsAreWrong, open_door
from services.chassis.service import Service
from services.chassis.settings import Settings
from services.chassis.telemetry.part import Telemetry

DOORS = ("api", "worker", "all")


class Front:
    """The parts that all services have, built once for a process."""

    def __init__(self, service: Service, door: str) -> None:
        settings = self.settings = Settings.read()
        self.service = service
        # A process that appends nothing itself finds news by polling alone.
        self.poll_seconds_max = 0.02 if door == "worker" else 0.2
        self.telemetry = Telemetry(service.name, settings)
        self.clock = (
            DevelopmentClock(dsn_as(settings.postgres, f"{service.name}_writer"), service.name, settings.development_clock_begins)
            if settings.development_clock
            else None
        )
        self.log = Log(settings.postgres, service, settings.claim_key, partitions=settings.partitions, development_clock=self.clock)
        self.kafka = Kafka(settings.kafka, is_idempotent=settings.kafka_idempotent)
        self.asked_by = AskedBy(self.log.clock, settings.payload_key)
        self.pages = Pages(settings.page_key, settings.page_size_default, settings.page_size_max)

    def base(self) -> list[Part]:
        """What everything else stands on."""
        return [self.telemetry, *([self.clock] if self.clock else []), self.log]

    def teller(self) -> Relay:
        # On the development clock somebody waits for each step to be heard.
        heads_every_seconds = 1.0 if self.clock is None else 0.2
        return Relay(self.log, self.kafka, poll_seconds_max=self.poll_seconds_max, heads_every_seconds=heads_every_seconds)

    def views(self, views: Sequence[View]) -> Views:
        return Views(self.log, views, poll_seconds_max=self.poll_seconds_max)

    def hears(
        self, source: str, event: type[Message], reactions: Mapping[str, Table], *, follower: str = "reactions", behind: str = ""
    ) -> Reactions:
        """The listener to another service; what Kafka did not bring is asked of it with this service's own token.

        `behind`: another follower of ours to the same source, which is let go ahead (services.chassis.follower.behind).
        """
        if self.settings.peer_token_file is None:
            raise SettingsAreWrong("peer_token_file is missing: gaps could not be repaired")
        replays = GrpcReplays(peer_channel(self.settings, source), PeerToken(self.settings.peer_token_file))
        return Reactions(self.log, Source(source, event), reactions[source], self.kafka, replays, follower=follower, behind=behind)

    def sweeper(self) -> Sweeper:
        return Sweeper(self.settings.postgres, self.service.name)

    def calls(self, find: Find, what: What) -> Caller:
        return Caller(self.log, find, what)

    def timers(self, timers: Timers) -> TimerRunner:
        return TimerRunner(self.log, timers)


def open_front(parts: Callable[[str], Sequence[Part]]) -> int:
    """Open the door that the command line names (api, worker or all); the process's exit code (services.chassis.runtime)."""

    def chosen() -> Sequence[Part]:
        door = sys.argv[1] if len(sys.argv) == 2 else "all"
        if door not in DOORS:
            raise SettingsAreWrong(f"which door? one of {', '.join(DOORS)}")
        health = Settings.read().health_listen
        return [*parts(door), *([HealthDoor(health)] if health else [])]

    return open_door(chosen)
