"""Words of the output about agents and their cases, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class WorkWords:
    active: str
    kind: str
    teams: str
    cases_max: str
    rules_own: str
    until: str
    speaks: str
    takes: str
    deactivated: str
    reactivated: str
    requested: str
    extended: str
    declined: str


WORK_WORDS: Mapping[Lang, WorkWords] = {
    "en": WorkWords(
        active="active",
        kind="kind",
        teams="teams",
        cases_max="cases at once",
        rules_own="as the rule says",
        until="until",
        speaks="Speaks {languages} from now on.",
        takes="Cases at once from now on: {cases_max}.",
        deactivated="Gets no more cases, and gives back those it has: {agent}",
        reactivated="Gets cases again: {agent}",
        requested="It waits for somebody who fits: {case}",
        extended="It stays with its agent until {until} UTC.",
        declined="Declined; the rule chooses that agent for it no more: {case}",
    ),
    "es": WorkWords(
        active="activo",
        kind="tipo",
        teams="equipos",
        cases_max="expedientes a la vez",
        rules_own="según la regla",
        until="hasta el",
        speaks="Habla {languages} desde ahora.",
        takes="Expedientes a la vez desde ahora: {cases_max}.",
        deactivated="No recibe más expedientes y devuelve los que tiene: {agent}",
        reactivated="Recibe expedientes de nuevo: {agent}",
        requested="Espera a alguien adecuado: {case}",
        extended="Sigue con su gestor hasta el {until} UTC.",
        declined="Rechazado; la regla ya no elige a ese gestor para él: {case}",
    ),
}
