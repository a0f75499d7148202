"""The points at which a service is made to die, by name: a table. What is named is wrapped from outside; services know nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatch


class Moment(Enum):
    """When, of one call of what is named. A call that raises passes no `after`."""

    BEFORE = "before"
    AFTER = "after"
    """It has returned; whoever called it has not gone on."""
    BEGUN = "begun"
    """It has done its first step and waits."""


class Ending(Enum):
    """What brings a process to the point."""

    LOAD = "load"
    START = "start"
    """It dies while it starts."""
    STOP = "stop"
    """It dies while it stops: SIGTERM in the middle of a load."""
    POISON = "poison"
    """Some facts trip its reactions, so that they are parked."""
    RETRY = "retry"
    """Facts that were parked are asked to be heard again."""


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    where: str
    """module:qualname; a number in the qualname is a place in a sequence."""
    moment: Moment
    service: str = "cases"
    """Whose process dies: who passes the point in a load."""
    passings: Sequence[int] = (1,)
    """At which passings a sweep makes it die."""
    ending: Ending = Ending.LOAD


class PointUnknown(Exception):
    """There is no such point."""


def point(name: str) -> Point:
    for one in POINTS:
        if one.name == name:
            return one
    raise PointUnknown(f"no point is called {name}")


def matching(patterns: Sequence[str]) -> list[Point]:
    """In the order of the table. PointUnknown when a pattern finds nothing."""
    for pattern in patterns:
        if not any(fnmatch(one.name, pattern) for one in POINTS):
            raise PointUnknown(f"no point is called {pattern}")
    return [one for one in POINTS if any(fnmatch(one.name, pattern) for pattern in patterns)]


_LOG = "services.chassis.log"
_FOLLOWER = "services.chassis.follower"
_B, _A = Moment.BEFORE, Moment.AFTER

POINTS: Sequence[Point] = (
    # Begin: only the first of all starts begins to hear its source, so these two stand first, and in this order.
    Point("begin.before_listening", f"{_FOLLOWER}.listens:begin", _B, "strategy", ending=Ending.START),
    Point("begin.listening", f"{_FOLLOWER}.listens:begin", _A, "strategy", ending=Ending.START),
    # Start.
    Point("start.before_log", f"{_LOG}.log:Log.start", _B, ending=Ending.START),
    Point("start.epoch_opened", f"{_LOG}.log:Log._open_first_epoch", _A, ending=Ending.START),
    Point("start.topics_there", f"{_FOLLOWER}.topics:create_topics", _A, ending=Ending.START),
    Point("start.serving", "services.chassis.rpc.server:Rpc.start", _A, ending=Ending.START),
    # Decide.
    Point("decide.loaded", f"{_LOG}.loading:Loading.for_decision", _A, passings=(1, 40)),
    Point("decide.before", f"{_LOG}.deciding:Deciding.decide", _B, passings=(1, 40)),
    Point("decide.after", f"{_LOG}.deciding:Deciding.decide", _A, passings=(2, 40)),
    Point("decide.key_made", "services.chassis.seal.store:KeyStore.add", _A, passings=(1, 5)),
    # Enqueue, flush.
    Point("enqueue.before", f"{_LOG}.log:Log._append", _B, passings=(1, 40)),
    Point("enqueue.queued", f"{_LOG}.writer:Writer.append", Moment.BEGUN, passings=(1, 40)),
    Point("flush.taken", f"{_LOG}.writer:Writer._take", _A, passings=(1, 20)),
    Point("flush.written", f"{_LOG}.batch:arguments", _A, passings=(1, 20)),
    # Commit.
    Point("commit.sent", f"{_LOG}.writer:Writer._call", _A, passings=(1, 10, 25)),
    Point("commit.answered", f"{_LOG}.calls:Calls._read", _B, passings=(1, 10, 25)),
    Point("commit.read", f"{_LOG}.calls:Calls._read", _A, passings=(1, 20)),
    # Every other word with the store: queries, and the commits of checkpoints, views and parked facts.
    Point("store.before", f"{_LOG}.connections:PromptConnection.wait", _B, passings=(60, 200)),
    Point("store.answered", f"{_LOG}.connections:PromptConnection.wait", _A, passings=(60, 100, 200)),
    Point("store.before_hearing", f"{_LOG}.connections:PromptConnection.wait", _B, "strategy", (110, 200)),
    Point("store.answered_hearing", f"{_LOG}.connections:PromptConnection.wait", _A, "strategy", (110, 200)),
    # Answer.
    Point("answer.known", f"{_LOG}.batch:outcomes", _A, passings=(1, 20)),
    Point("answer.told", f"{_LOG}.writer:_answer", _A, passings=(1, 40)),
    Point("answer.stored", f"{_LOG}.log:Log.run", _A, passings=(1, 40)),
    Point("answer.built", "services.chassis.rpc.seen:_end", _A, passings=(3, 60)),
    # Send.
    Point("send.read", f"{_FOLLOWER}.relay:Relay._send", _B, passings=(1, 10)),
    Point("send.queued", f"{_FOLLOWER}.relayed:Relayed.queue", _A, passings=(3, 60)),
    Point("send.sent", "aiokafka.producer.producer:AIOKafkaProducer.send_batch", _A, passings=(1, 4, 15)),
    Point("send.acknowledged", f"{_FOLLOWER}.relay:_acknowledged", _A, passings=(1, 10)),
    Point("send.head_taken", f"{_LOG}.log:Log.head", _A, passings=(3,)),
    # Checkpoint.
    Point("checkpoint.before", f"{_FOLLOWER}.relayed:save", _B, passings=(1, 10)),
    Point("checkpoint.moved", f"{_FOLLOWER}.marks:move", _A, passings=(1, 20)),
    Point("checkpoint.after", f"{_FOLLOWER}.relayed:save", _A, passings=(1, 10)),
    Point("checkpoint.next", f"{_FOLLOWER}.relay:Relay._mark", _A, passings=(1, 10)),
    # Hear.
    Point("hear.fetched", f"{_FOLLOWER}.consuming:Consuming.fetch", _A, "strategy", (4, 30)),
    Point("hear.decided", f"{_FOLLOWER}.applying:Applying._decide", _A, "strategy", (1, 40)),
    Point("hear.before_store", f"{_LOG}.log:Log.run_heard", _B, "strategy", (1, 10)),
    Point("hear.sent", f"{_LOG}.writer:Writer._call", _A, "strategy", (1, 8)),
    Point("hear.answered", f"{_LOG}.calls:Calls._read", _B, "strategy", (1, 8)),
    Point("hear.stored", f"{_LOG}.log:Log.run_heard", _A, "strategy", (1, 10)),
    Point("hear.moved", f"{_FOLLOWER}.applying:Applying._moved", _A, "strategy", (1, 10)),
    Point("hear.before_passing", f"{_FOLLOWER}.parking:pass_over", _B, "strategy", (1, 4)),
    Point("hear.passed", f"{_FOLLOWER}.parking:pass_over", _A, "strategy", (1, 4)),
    Point("hear.before_offsets", f"{_FOLLOWER}.consuming:Consuming.commit", _B, "strategy"),
    Point("hear.offsets", f"{_FOLLOWER}.consuming:Consuming.commit", _A, "strategy"),
    Point("hear.watermarks", f"{_FOLLOWER}.marks:raise_watermarks", _A, "strategy"),
    # Park: what trips, and what is heard again later.
    Point("park.found", f"{_FOLLOWER}.applying:Applying._poison", _A, "strategy", (1, 3), Ending.POISON),
    Point("park.written", f"{_FOLLOWER}.parking:token", _A, "strategy", (1, 4), Ending.POISON),
    Point("park.parked", f"{_FOLLOWER}.parking:pass_over", _A, "strategy", (2, 6), Ending.POISON),
    Point("park.before_retry", f"{_FOLLOWER}.applying:Applying._retry_one", _B, "strategy", (1, 2), Ending.RETRY),
    Point("park.retried", f"{_FOLLOWER}.parking:unpark", _B, "strategy", (1, 2), Ending.RETRY),
    Point("park.unparked", f"{_FOLLOWER}.parking:unpark", _A, "strategy", (1, 2), Ending.RETRY),
    # Views.
    Point("view.before", f"{_FOLLOWER}.views:Views._write_page", _B, passings=(2, 20)),
    Point("view.written", "services.cases.views.writing:VIEWS.0.write", _A, passings=(1, 10)),
    Point("view.committed", f"{_FOLLOWER}.views:Views._show", _B, passings=(2, 10)),
    # Timers.
    Point("timer.read", f"{_FOLLOWER}.timers:TimerRunner._fire", _B, passings=(1, 2)),
    Point("timer.stored", f"{_FOLLOWER}.timers:_still_set", _B, passings=(1, 2)),
    Point("timer.fired", f"{_FOLLOWER}.timers:TimerRunner._fire", _A, passings=(1, 2)),
    # Leases.
    Point("lease.before", f"{_FOLLOWER}.leases:Leases._take", _B, ending=Ending.START),
    Point("lease.taken", f"{_FOLLOWER}.leases:Leases._take", _A, "strategy", ending=Ending.START),
    Point("lease.before_release", f"{_FOLLOWER}.leases:Leases.stop", _B, ending=Ending.STOP),
    Point("lease.released", f"{_FOLLOWER}.leases:Leases.stop", _A, "strategy", ending=Ending.STOP),
    # Stop.
    Point("stop.draining", "services.chassis.rpc.server:Rpc.stop", Moment.BEGUN, ending=Ending.STOP),
    Point("stop.drained", "services.chassis.rpc.server:Rpc.stop", _A, ending=Ending.STOP),
    Point("stop.hearing", f"{_FOLLOWER}.reactions:Reactions.stop", Moment.BEGUN, "strategy", ending=Ending.STOP),
    Point("stop.before_last_batch", f"{_LOG}.writer:Writer.stop", _B, ending=Ending.STOP),
    Point("stop.log_closed", f"{_LOG}.log:Log.stop", _A, ending=Ending.STOP),
)
