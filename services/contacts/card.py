"""The service on a card for the chassis: its name, its contract, and the package whose facts are its closed registry."""

from acuerdo.contacts.v1.events_pb2 import ContactEvent

from services.chassis.service import Service
from services.contacts import domain

CONTACTS = Service.of("contacts", ContactEvent, domain)
