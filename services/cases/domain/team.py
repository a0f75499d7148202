"""Teams: agents who share a queue."""

from __future__ import annotations

from services.kernel.facts import Fact, Stream
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown

# What happened ---------------------------------------------------------------


class TeamFormed(Fact):
    external_ref: str
    name: str

    def apply(self, team: Team) -> None:
        team.external_ref = self.external_ref
        team.name = self.name


# Where it stands -------------------------------------------------------------


class Team(Stream):
    begins_with = ("TeamFormed",)

    def __init__(self) -> None:
        self.external_ref = ""
        self.name = ""


# What may be decided ---------------------------------------------------------


class TeamIsUnknown(IsUnknown):
    """There is no such team."""


class TeamIsFormedAlready(AlreadyExists):
    """The team is formed already, under another reference or name."""


def form(team: Team, external_ref: str, name: str) -> None:
    """The reference is unique in the tenant: whoever forms the team claims it."""
    if team.exists:
        if (team.external_ref, team.name) == (external_ref, name):
            return
        raise TeamIsFormedAlready(external_ref=team.external_ref)
    for field, value in (("external_ref", external_ref), ("name", name)):
        if not value.strip():
            raise IsInvalid(field, "must not be empty")
    team.tell(TeamFormed(**team.next(), external_ref=external_ref, name=name))
