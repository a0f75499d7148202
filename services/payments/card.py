"""The service on a card for the chassis: its name, its contract, and the package whose facts are its closed registry."""

from acuerdo.payments.v1.events_pb2 import PaymentEvent

from services.chassis.service import Service
from services.payments import domain

PAYMENTS = Service.of("payments", PaymentEvent, domain)
