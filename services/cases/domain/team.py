"""Teams: agents who share a queue."""

from __future__ import annotations

from services.kernel.facts import Fact, Stream

# What happened ---------------------------------------------------------------


class TeamFormed(Fact):
    external_ref: str
    name: str

    def apply(self, team: Team) -> None:
        team.external_ref = self.external_ref
        team.name = self.name


# Where it stands -------------------------------------------------------------


class Team(Stream):
    def __init__(self) -> None:
        self.external_ref = ""
        self.name = ""
