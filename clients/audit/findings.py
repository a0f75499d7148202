"""Findings: what does not fit, which event it is, and how a person says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Problem(Enum):
    """What may be wrong with a history; the sentences stand at the foot of this file."""

    IS_UNREADABLE = "IS_UNREADABLE"
    IS_REPEATED = "IS_REPEATED"
    IS_MISPLACED = "IS_MISPLACED"
    IS_MISSING = "IS_MISSING"
    IS_FORKED = "IS_FORKED"
    IS_CHANGED = "IS_CHANGED"
    DOES_NOT_CONTINUE = "DOES_NOT_CONTINUE"
    DOES_NOT_BEGIN = "DOES_NOT_BEGIN"
    IS_NOT_THE_HEAD = "IS_NOT_THE_HEAD"
    IS_BEYOND_THE_HEAD = "IS_BEYOND_THE_HEAD"
    KNOWN_HEAD_IS_ABSENT = "KNOWN_HEAD_IS_ABSENT"
    VERSION_DIFFERS = "VERSION_DIFFERS"
    STREAM_DIFFERS = "STREAM_DIFFERS"
    TENANT_DIFFERS = "TENANT_DIFFERS"
    TYPE_DIFFERS = "TYPE_DIFFERS"
    POSITION_DOES_NOT_INCREASE = "POSITION_DOES_NOT_INCREASE"
    INSTANT_DECREASES = "INSTANT_DECREASES"
    HEADER_NAMES_ANOTHER_STREAM = "HEADER_NAMES_ANOTHER_STREAM"
    HEADER_IS_CHANGED = "HEADER_IS_CHANGED"
    CONTRACTS_ARE_CHANGED = "CONTRACTS_ARE_CHANGED"
    IS_AHEAD_OF_THE_LOG = "IS_AHEAD_OF_THE_LOG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit."""

    version: int
    """The event, by its place in the stream; 0 for the file's header."""
    type: str
    """Short name of its fact; empty where it is not known."""
    problem: Problem
    facts: Mapping[str, str] = field(default_factory=dict)

    def subject(self, lang: str = "en") -> str:
        """Which event: `event 7 (ArrearsReported)`."""
        if self.version == 0:
            return HEADER[lang]
        return f"{EVENT[lang]} {self.version}" + (f" ({self.type})" if self.type else "")

    def sentence(self, lang: str = "en") -> str:
        return f"{self.subject(lang)}: {SENTENCES[self.problem][lang].format(**self.facts)}"


EVENT = {"en": "event", "es": "el hecho"}
HEADER = {"en": "the header", "es": "la cabecera"}

SENTENCES: Mapping[Problem, Mapping[str, str]] = {
    Problem.IS_UNREADABLE: {
        "en": "its bytes cannot be read as an event any more",
        "es": "sus bytes ya no se pueden leer como un hecho",
    },
    Problem.IS_REPEATED: {
        "en": "it is there twice: place {place} of the file repeats place {first}",
        "es": "está dos veces: el lugar {place} del fichero repite el lugar {first}",
    },
    Problem.IS_MISPLACED: {
        "en": "it stands in the wrong place: after event {after}",
        "es": "está fuera de su sitio: detrás del hecho {after}",
    },
    Problem.IS_MISSING: {
        "en": "missing{through}: between the events that are there, or up to the {versions} that the header claims",
        "es": "falta{through}: entre los hechos que hay, o hasta los {versions} que afirma la cabecera",
    },
    Problem.IS_FORKED: {
        "en": "two different events claim this version (places {first} and {place} of the file)",
        "es": "dos hechos distintos dicen ser esta versión (lugares {first} y {place} del fichero)",
    },
    Problem.IS_CHANGED: {
        "en": "its bytes are not those that event {by} remembers: it was changed after it was stored",
        "es": "sus bytes no son los que recuerda el hecho {by}: se cambió después de guardarse",
    },
    Problem.DOES_NOT_CONTINUE: {
        "en": "the hash it remembers is not that of event {previous}, and nothing vouches for its own bytes: it was changed or replaced",
        "es": "el hash que recuerda no es el del hecho {previous}, y nada responde de sus propios bytes: se cambió o se sustituyó",
    },
    Problem.DOES_NOT_BEGIN: {
        "en": "a stream's first event remembers nothing before it (32 zero bytes); this one does",
        "es": "el primer hecho de una historia no recuerda nada anterior (32 bytes a cero); este sí",
    },
    Problem.IS_NOT_THE_HEAD: {
        "en": "its bytes are not those whose hash the header claims as the head: it was changed or replaced",
        "es": "sus bytes no son los del hash que la cabecera afirma como último: se cambió o se sustituyó",
    },
    Problem.IS_BEYOND_THE_HEAD: {
        "en": "the header claims only {versions} events: this one was added",
        "es": "la cabecera afirma solo {versions} hechos: este se añadió",
    },
    Problem.KNOWN_HEAD_IS_ABSENT: {
        "en": "no event has the hash that is known from elsewhere: from here on events were cut off, or changed",
        "es": "ningún hecho tiene el hash conocido por otra vía: desde aquí se cortaron o cambiaron hechos",
    },
    Problem.VERSION_DIFFERS: {
        "en": "it says that it is version {said}",
        "es": "dice ser la versión {said}",
    },
    Problem.STREAM_DIFFERS: {
        "en": "it says that it belongs to stream {said}",
        "es": "dice pertenecer a la historia {said}",
    },
    Problem.TENANT_DIFFERS: {
        "en": "it says that it belongs to tenant {said!r}, the others to {expected!r}",
        "es": "dice pertenecer al inquilino {said!r}, los demás a {expected!r}",
    },
    Problem.TYPE_DIFFERS: {
        "en": "it is announced as {said} but holds {held}",
        "es": "se anuncia como {said} pero contiene {held}",
    },
    Problem.POSITION_DOES_NOT_INCREASE: {
        "en": "its position {said} in the log is not after {before}, the position of event {previous}",
        "es": "su posición {said} en el registro no es posterior a {before}, la del hecho {previous}",
    },
    Problem.INSTANT_DECREASES: {
        "en": "it was recorded at {said}, before event {previous} at {before}",
        "es": "se registró a las {said}, antes que el hecho {previous}, a las {before}",
    },
    Problem.HEADER_NAMES_ANOTHER_STREAM: {
        "en": "it names stream {said}, the events belong to {expected}",
        "es": "nombra la historia {said}, los hechos son de {expected}",
    },
    Problem.HEADER_IS_CHANGED: {
        "en": "its lines are not those that its own hash was made of: one of them was changed",
        "es": "sus líneas no son las de su propio hash: se cambió alguna",
    },
    Problem.CONTRACTS_ARE_CHANGED: {
        "en": "the contracts in the file are not those whose hash it claims, or cannot be read",
        "es": "los contratos del fichero no son los del hash que afirma, o no se pueden leer",
    },
    Problem.IS_AHEAD_OF_THE_LOG: {
        "en": "its place ({said}) lies beyond where the whole log stood at the export ({head})",
        "es": "su lugar ({said}) queda más allá de donde estaba el registro entero al exportar ({head})",
    },
}
