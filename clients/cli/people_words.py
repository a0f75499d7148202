"""Words of the output about people, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class PeopleWords:
    person: str
    erased: str
    synthetic: str
    nobody: str
    identifiers: str
    point: str
    state: str
    source: str
    lives: str
    asks: str
    consents: str
    flags: str
    was_also: str
    cases: str
    role: str
    closed: str
    nothing_alike: str
    score: str
    speaks_for: str
    contradicted: str
    known_before: str
    registered: str
    recorded: str
    merged: str
    unmerged: str
    law: str
    stopped: str
    heeded: str
    not_heeded: str
    removed: str
    may_be_contacted: str
    not_the_same: str


PEOPLE_WORDS: Mapping[Lang, PeopleWords] = {
    "en": PeopleWords(
        person="person",
        erased="(erased)",
        synthetic="made up: not a real person",
        nobody="Nobody is known by that.",
        identifiers="known as",
        point="contact point",
        state="state",
        source="source",
        lives="lives in",
        asks="wants",
        consents="agreed to",
        flags="flags",
        was_also="was also",
        cases="cases",
        role="role",
        closed="closed",
        nothing_alike="Nobody like that is known.",
        score="of 1000",
        speaks_for="what they share",
        contradicted="but different national ids",
        known_before="Known already: {person}",
        registered="Registered: {person}",
        recorded="Recorded: {id}",
        merged="One person from now on: {person} ({score} of 1000)",
        unmerged="Two persons again: {person} and {other}",
        law="law, clock, holidays",
        stopped="nobody is contacted about it now",
        heeded="heeded",
        not_heeded="not heeded yet",
        removed="No longer so: {id}",
        may_be_contacted="May be contacted again: {id}",
        not_the_same="Not the same: {person} and {other}",
    ),
    "es": PeopleWords(
        person="persona",
        erased="(borrado)",
        synthetic="inventada: no es una persona real",
        nobody="Nadie consta con ese dato.",
        identifiers="consta como",
        point="punto de contacto",
        state="estado",
        source="origen",
        lives="vive en",
        asks="desea",
        consents="consiente",
        flags="avisos",
        was_also="era también",
        cases="expedientes",
        role="papel",
        closed="cerrado",
        nothing_alike="No consta nadie parecido.",
        score="de 1000",
        speaks_for="lo que comparten",
        contradicted="pero documentos distintos",
        known_before="Ya constaba: {person}",
        registered="Registrada: {person}",
        recorded="Anotado: {id}",
        merged="Una sola persona desde ahora: {person} ({score} de 1000)",
        unmerged="De nuevo dos personas: {person} y {other}",
        law="ley, reloj, festivos",
        stopped="ahora no se contacta con nadie por él",
        heeded="atendida",
        not_heeded="aún sin atender",
        removed="Ya no consta: {id}",
        may_be_contacted="Se puede contactar de nuevo: {id}",
        not_the_same="No son la misma: {person} y {other}",
    ),
}
