"""Asked over gRPC: reads the request, calls the application, words the reply. Translates and nothing else."""

from services.contacts.api.messages import MessagesApi
from services.contacts.api.people import PeopleApi
from services.contacts.api.permits import PermitsApi

__all__ = ["MessagesApi", "PeopleApi", "PermitsApi"]
