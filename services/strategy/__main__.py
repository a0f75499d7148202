"""The front door of the strategy service: parts built by hand, in order, once.  python -m services.strategy api|worker|all"""

import sys
from collections.abc import Sequence

from acuerdo.cases.v1.events_pb2 import CaseEvent

from services.chassis.front import Front, open_front
from services.chassis.logservice import LogService
from services.chassis.operations import OperationsService
from services.chassis.part import Part
from services.chassis.rpc.server import Rpc
from services.strategy.api import StrategyApi
from services.strategy.card import STRATEGY
from services.strategy.reactions import REACTIONS


def parts(door: str) -> Sequence[Part]:
    front = Front(STRATEGY, door)
    log, settings = front.log, front.settings
    relay, cases = front.teller(), front.hears("cases", CaseEvent, REACTIONS)
    logs = LogService(log)
    operations = OperationsService(log, front.pages, on_advance=[relay.announce])
    worker: list[Part] = [relay, cases, front.sweeper()]
    asked: list[Part] = [operations, Rpc(settings, StrategyApi(log, front.asked_by), logs, operations)]
    return front.base() + (worker if door != "api" else []) + (asked if door != "worker" else [])


if __name__ == "__main__":
    sys.exit(open_front(parts))
