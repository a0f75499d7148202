"""The front door of the cases service: parts built by hand, in order, once.  python -m services.cases api|worker|all"""

import sys
from collections.abc import Mapping, Sequence

from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1.events_pb2 import StrategyEvent
from google.protobuf.message import Message

from services.cases.api import CasesApi, PromisesApi, Sight
from services.cases.card import CASES
from services.cases.reactions import EVIDENCE, REACTIONS
from services.cases.timers import TIMERS
from services.cases.views import VIEWS, CaseTables
from services.chassis.front import Front, open_front
from services.chassis.ids import new_id
from services.chassis.logservice import LogService
from services.chassis.operations import OperationsService
from services.chassis.part import Part
from services.chassis.rpc.server import Rpc
from services.chassis.seal.seals import Seals
from services.chassis.seal.wrapping import FileKeyWrapper

EVENTS: Mapping[str, type[Message]] = {"contacts": ContactEvent, "payments": PaymentEvent, "strategy": StrategyEvent}


def parts(door: str) -> Sequence[Part]:
    front = Front(CASES, door)
    log, settings = front.log, front.settings
    relay = front.teller()
    # A service that is not deployed yet is heard from its first fact on once it is.
    heard = [front.hears(source, EVENTS[source], REACTIONS) for source in REACTIONS if source in settings.peers]
    evidence = [
        front.hears(source, EVENTS[source], EVIDENCE, follower="evidence", behind="reactions")
        for source in EVIDENCE
        if source in settings.peers
    ]
    timers, views = front.timers(TIMERS), front.views(VIEWS)
    seals = Seals(settings.postgres, CASES.name, FileKeyWrapper(settings.kek))
    tables = CaseTables(settings.postgres)
    logs = LogService(log, Sight(log))
    operations = OperationsService(log, front.pages, [view.name for view in VIEWS], on_advance=[relay.announce, timers.wake])
    cases = CasesApi(log, tables, seals, log.clock, new_id, front.asked_by, front.pages)
    promises = PromisesApi(log, tables, seals, log.clock, new_id, front.asked_by, front.pages)
    worker: list[Part] = [relay, *heard, *evidence, views, timers, front.sweeper()]
    asked: list[Part] = [seals, tables, operations, Rpc(settings, cases, promises, logs, operations)]
    return front.base() + (worker if door != "api" else []) + (asked if door != "worker" else [])


if __name__ == "__main__":
    sys.exit(open_front(parts))
