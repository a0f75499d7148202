"""The words around what is known of people: questionnaires, the dossier, and who has read it; in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class DossierWords:
    """Beside `Words`, for the blocks of the dossier."""

    key: str
    question: str
    answered_with: str
    forbidden_in: str
    not_asked_in: str
    retired: str
    published: str
    retired_now: str
    answered: str

    says: str
    source: str
    confidence: str
    of: str
    until: str
    erased: str
    superseded: str
    retracted: str
    over: str
    nothing_counts: str
    nothing_known: str
    known_at: str
    recorded: str
    retracted_now: str

    when: str
    reader: str
    purpose: str
    fields: str
    nobody_read: str

    codes: Mapping[str, str] = field(default_factory=dict)
    """Names of enum members without their prefix; one that is missing is shown as it is."""

    def code(self, name: str, prefix: str) -> str:
        bare = name.removeprefix(prefix)
        return self.codes.get(bare, bare.lower().replace("_", " "))


ENGLISH = DossierWords(
    key="name",
    question="question",
    answered_with="answered with",
    forbidden_in="forbidden in",
    not_asked_in="Questions that the law of this case forbids are left out.",
    retired="no longer asked",
    published="{id}: published, number {number}.",
    retired_now="No longer asked.",
    answered="Recorded: {count} answers to number {number}.",
    says="what is known",
    source="source",
    confidence="how surely",
    of="of",
    until="through {day}",
    erased="erased",
    superseded="superseded",
    retracted="retracted",
    over="expired",
    nothing_counts="nothing counts today",
    nothing_known="Nothing is known.",
    known_at="As known at {known}. ≠ says otherwise; ↺ stood before.",
    recorded="Recorded as {id}.",
    retracted_now="It no longer counts.",
    when="when",
    reader="who",
    purpose="why",
    fields="what",
    nobody_read="Nobody has read it.",
    codes={"YES_NO": "yes or no"},
)

SPANISH = DossierWords(
    key="nombre",
    question="pregunta",
    answered_with="se responde con",
    forbidden_in="prohibida en",
    not_asked_in="No figuran las preguntas que prohíbe la ley de este expediente.",
    retired="ya no se pregunta",
    published="{id}: publicado con el número {number}.",
    retired_now="Ya no se pregunta.",
    answered="Registradas {count} respuestas al número {number}.",
    says="lo que se sabe",
    source="fuente",
    confidence="certeza",
    of="de",
    until="hasta el {day}",
    erased="suprimido",
    superseded="sustituido",
    retracted="retirado",
    over="caducado",
    nothing_counts="hoy no vale nada",
    nothing_known="No se sabe nada.",
    known_at="Según lo sabido el {known}. ≠ lo contradice; ↺ valía antes.",
    recorded="Registrado como {id}.",
    retracted_now="Ya no cuenta.",
    when="cuándo",
    reader="quién",
    purpose="por qué",
    fields="qué",
    nobody_read="Nadie lo ha leído.",
    codes={
        "TEXT": "texto",
        "CHOICE": "a elegir",
        "YES_NO": "sí o no",
        "AMOUNT": "importe",
        "DATE": "fecha",
        "STATED": "declarado",
        "DOCUMENTED": "documentado",
        "VERIFIED": "comprobado",
    },
)

DOSSIER_WORDS: Mapping[Lang, DossierWords] = {"en": ENGLISH, "es": SPANISH}
