"""Words of the output about messages and contacts, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class MessageWords:
    drafted: str
    approved: str
    retired: str
    sample: str
    checked: str
    needs: str
    version: str
    language: str
    place: str
    author: str
    approver: str
    granted: str
    deferred: str
    denied: str
    at: str
    not_by_itself: str
    subject: str
    proven: str
    not_proven: str
    erased: str
    notes: str
    nothing_sent: str
    recorded: str
    breach: str
    corrected: str
    nobody_contacted: str
    began: str
    channel: str
    outcome: str
    state: str
    seconds: str
    by: str
    code_name: str
    implies: str
    mapped: str
    withdrawn: str
    codes: Mapping[str, str] = field(default_factory=dict)

    def code(self, name: str, prefix: str) -> str:
        """A wire name as a person says it."""
        bare = name.removeprefix(prefix)
        return self.codes.get(bare, bare.lower().replace("_", " "))


MESSAGE_WORDS: Mapping[Lang, MessageWords] = {
    "en": MessageWords(
        drafted="Drafted {name}, version {version}. Somebody else approves it: acuerdo message approve {name} {version}",
        approved="Approved: {name}, version {version}, is sent from now on.",
        retired="Retired: {name}, version {version}, is sent no more.",
        sample="with samples",
        checked="checked",
        needs="needs",
        version="version",
        language="language",
        place="for",
        author="written by",
        approver="approved by",
        granted="Permitted, and on its way: {interaction}",
        deferred="Not now: {reasons}.",
        denied="Not permitted: {reasons}.",
        at="It may be sent from {at} UTC on.",
        not_by_itself="That will not change by itself.",
        subject="subject",
        proven="This is what was sent: its hash is the one told then.",
        not_proven="This cannot be shown to be what was sent.",
        erased="The person's data was erased: what is left is the hash.",
        notes="notes",
        nothing_sent="Nothing was sent.",
        recorded="Recorded: {interaction}",
        breach="It was made without a permit: recorded as a breach, and counted.",
        corrected="Corrected.",
        nobody_contacted="Nobody was contacted.",
        began="began",
        channel="channel",
        outcome="outcome",
        state="state",
        seconds="seconds",
        by="reported by",
        code_name="code",
        implies="with it",
        mapped="May be recorded from now on: {code}",
        withdrawn="Refused from now on: {code}",
    ),
    "es": MessageWords(
        drafted="Redactada {name}, versión {version}. La aprueba otra persona: acuerdo message approve {name} {version}",
        approved="Aprobada: {name}, versión {version}, se envía desde ahora.",
        retired="Retirada: {name}, versión {version}, ya no se envía.",
        sample="con muestras",
        checked="comprobado",
        needs="necesita",
        version="versión",
        language="idioma",
        place="para",
        author="redactada por",
        approver="aprobada por",
        granted="Permitido, y en camino: {interaction}",
        deferred="Ahora no: {reasons}.",
        denied="No permitido: {reasons}.",
        at="Se podrá enviar desde {at} UTC.",
        not_by_itself="Eso no cambiará por sí solo.",
        subject="asunto",
        proven="Esto es lo que se envió: su huella es la que se contó entonces.",
        not_proven="No se puede demostrar que sea lo que se envió.",
        erased="Los datos de la persona se borraron: queda la huella.",
        notes="notas",
        nothing_sent="No se envió nada.",
        recorded="Registrado: {interaction}",
        breach="Se hizo sin permiso: consta como infracción, y cuenta.",
        corrected="Corregido.",
        nobody_contacted="No se ha contactado con nadie.",
        began="comenzó",
        channel="canal",
        outcome="resultado",
        state="estado",
        seconds="segundos",
        by="informado por",
        code_name="código",
        implies="implica",
        mapped="Se admite desde ahora: {code}",
        withdrawn="Ya no se admite: {code}",
        codes={
            "CALL": "llamada",
            "SMS": "SMS",
            "EMAIL": "correo",
            "LETTER": "carta",
            "IN_PERSON": "en persona",
            "OUT": "saliente",
            "IN": "entrante",
            "STARTED": "comenzado",
            "DISPATCHED": "enviado",
            "DELIVERED": "entregado",
            "BOUNCED": "devuelto",
            "FAILED": "fallido",
            "CANCELLED": "anulado",
            "RECORDED": "registrado",
            "DRAFT": "borrador",
            "APPROVED": "aprobada",
            "RETIRED": "retirada",
            "PROMISE": "promesa",
            "REFUSAL": "negativa",
            "DISPUTE": "disputa",
            "NO_ANSWER": "sin respuesta",
            "RIGHT_PARTY": "persona correcta",
            "THIRD_PARTY": "tercero",
            "WRONG_PARTY": "persona equivocada",
            "DO_NOT_CONTACT": "no contactar",
        },
    ),
}
