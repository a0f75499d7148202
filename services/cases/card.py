"""The service on a card for the chassis: its name, its contract, and the package whose facts are its closed registry."""

from acuerdo.cases.v1.events_pb2 import CaseEvent

from services.cases import domain
from services.chassis.service import Service

CASES = Service.of("cases", CaseEvent, domain)
