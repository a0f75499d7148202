"""The words around what people contest, complain of and live through, and around what the creditor is asked; in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class GrievanceWords:
    dispute: str
    disputed: str
    upheld: str
    answer_due: str
    overdue: str
    no_disputes: str
    disputed_as: str
    complaint: str
    filed: str
    redress: str
    no_complaints: str
    complained_as: str
    query: str
    answer: str
    no_queries: str
    asked_as: str
    circumstance: str
    needs: str
    review: str
    review_is_due: str
    withheld: str
    erased: str
    no_circumstances: str
    recorded_as: str
    review_recorded: str
    evidence_asked: str
    agent: str
    skills: str
    expired: str
    languages: str
    inactive: str
    no_agents: str
    done: str
    codes: Mapping[str, str] = field(default_factory=dict)
    """Names of enum members without their prefix; one that is missing is shown as it is."""

    def code(self, name: str, prefix: str) -> str:
        bare = name.removeprefix(prefix)
        return self.codes.get(bare, bare.lower().replace("_", " "))


ENGLISH = GrievanceWords(
    dispute="dispute",
    disputed="disputed",
    upheld="falls away",
    answer_due="answer by",
    overdue="overdue",
    no_disputes="Nothing is disputed.",
    disputed_as="Dispute {id} is open.",
    complaint="complaint",
    filed="filed",
    redress="redress",
    no_complaints="Nobody has complained.",
    complained_as="Complaint {id} is filed.",
    query="asked of the creditor",
    answer="answer",
    no_queries="The creditor was asked nothing.",
    asked_as="Query {id} is open.",
    circumstance="circumstance",
    needs="what is needed",
    review="looked at again",
    review_is_due="due",
    withheld="details for few",
    erased="erased",
    no_circumstances="Nothing is known of anybody's circumstances.",
    recorded_as="Recorded as {id}.",
    review_recorded="Recorded. It is looked at again on {day}.",
    evidence_asked="Asked for, by {day}.",
    agent="agent",
    skills="skills",
    expired="expired",
    languages="languages",
    inactive="inactive",
    no_agents="There is no such agent.",
    done="Done.",
)

SPANISH = GrievanceWords(
    dispute="disputa",
    disputed="impugnado",
    upheld="se anula",
    answer_due="responder antes del",
    overdue="fuera de plazo",
    no_disputes="No hay nada impugnado.",
    disputed_as="Disputa {id} abierta.",
    complaint="reclamación",
    filed="presentada",
    redress="compensación",
    no_complaints="Nadie ha reclamado.",
    complained_as="Reclamación {id} presentada.",
    query="preguntado al acreedor",
    answer="respuesta",
    no_queries="No se ha preguntado nada al acreedor.",
    asked_as="Consulta {id} abierta.",
    circumstance="circunstancia",
    needs="qué se necesita",
    review="se revisa",
    review_is_due="toca ya",
    withheld="detalle reservado",
    erased="suprimido",
    no_circumstances="No consta circunstancia de nadie.",
    recorded_as="Registrado como {id}.",
    review_recorded="Registrado. Se revisa otra vez el {day}.",
    evidence_asked="Pedido, para el {day}.",
    agent="gestor",
    skills="habilidades",
    expired="caducada",
    languages="idiomas",
    inactive="inactivo",
    no_agents="No hay tal gestor.",
    done="Hecho.",
    codes={
        "OPEN": "abierta",
        "WAITING": "a la espera",
        "UNDER_REVIEW": "en estudio",
        "RESOLVED": "resuelta",
        "APPEALED": "recurrida",
        "WITHDRAWN": "desistida",
        "CLOSED": "cerrada",
        "UPHELD": "estimada",
        "PARTLY_UPHELD": "estimada en parte",
        "REJECTED": "desestimada",
        "OVERDUE": "fuera de plazo",
        "ANSWERED": "contestada",
        "CANCELLED": "anulada",
        "HEALTH": "salud",
        "LIFE_EVENT": "hecho vital",
        "RESILIENCE": "capacidad económica",
        "CAPABILITY": "comprensión",
        "NO_CALLS": "sin llamadas",
        "WRITTEN_ONLY": "solo por escrito",
        "LARGE_PRINT": "letra grande",
        "MORE_TIME": "más tiempo",
        "SPECIALIST_AGENT": "gestor especialista",
        "REPRESENTATIVE": "representante",
        "INTERPRETER": "intérprete",
        "NO_AUTOMATED_CONTACT": "sin contacto automático",
        "PAUSE": "pausa",
        "REDUCED_PAYMENT": "pago reducido",
        "INTEREST_STOP": "sin intereses",
        "FEE_STOP": "sin comisiones",
        "DEBT_ADVICE": "asesoramiento",
        "DECLARED": "declarada",
        "EVIDENCE_REQUESTED": "justificantes pedidos",
        "ACCEPTED": "aceptada",
        "ENDED": "terminada",
        "DECEASED": "fallecimiento",
        "INSOLVENCY": "concurso",
        "SECOND_CHANCE": "segunda oportunidad",
        "MILITARY_SERVICE": "servicio militar",
        "INCARCERATION": "prisión",
        "FRAUD_VICTIM": "víctima de fraude",
        "LEGAL_REPRESENTATION": "con abogado",
        "CLAIMED": "alegada",
        "CONFIRMED": "confirmada",
        "REFUTED": "desmentida",
        "HUMAN": "persona",
        "BOT": "robot",
        "AGENCY": "agencia",
    },
)

GRIEVANCE_WORDS: Mapping[Lang, GrievanceWords] = {"en": ENGLISH, "es": SPANISH}
