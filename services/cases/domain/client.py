"""Clients: the creditors who entrust portfolios to the operator."""

from __future__ import annotations

from services.kernel.facts import Fact, Stream
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown

# What happened ---------------------------------------------------------------


class ClientRegistered(Fact):
    external_ref: str
    name: str

    def apply(self, client: Client) -> None:
        client.external_ref = self.external_ref
        client.name = self.name


# Where it stands -------------------------------------------------------------


class Client(Stream):
    begins_with = ("ClientRegistered",)

    def __init__(self) -> None:
        self.external_ref = ""
        self.name = ""


# What may be decided ---------------------------------------------------------


class ClientIsUnknown(IsUnknown):
    """There is no such client."""


class ClientIsRegisteredAlready(AlreadyExists):
    """The client is registered already, under another reference or name."""


def register(client: Client, external_ref: str, name: str) -> None:
    """The reference is unique in the tenant: whoever registers claims it."""
    if client.exists:
        if (client.external_ref, client.name) == (external_ref, name):
            return
        raise ClientIsRegisteredAlready(external_ref=client.external_ref)
    for field, value in (("external_ref", external_ref), ("name", name)):
        if not value.strip():
            raise IsInvalid(field, "must not be empty")
    client.tell(ClientRegistered(**client.next(), external_ref=external_ref, name=name))
