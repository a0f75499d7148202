"""The service on a card for the chassis: its name, its contract, and the package whose facts are its closed registry."""

from acuerdo.strategy.v1.events_pb2 import StrategyEvent

from services.chassis.service import Service
from services.strategy import domain

STRATEGY = Service.of("strategy", StrategyEvent, domain)
