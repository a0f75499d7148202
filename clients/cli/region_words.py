"""The words around what a case is made of: holds, lateness, explanations, whose hands it is in; in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class RegionWords:
    """Beside `Words`, for the blocks of a case's regions."""

    hold: str
    scope: str
    stops: str
    from_: str
    through: str
    open_ended: str
    stopped: str
    not_stopped: str
    until_before: str
    by_holds: str
    of_a_debt: str
    of_a_part: str
    no_holds: str
    placed: str
    extended: str
    lifted: str
    scheduled: str

    days_gone_by: str
    on_hold: str
    of_grace: str
    counted: str
    oldest: str
    past_due: str
    next_boundary: str
    instalment: str
    due: str
    unpaid: str
    month_end: str
    reported: str
    restated: str
    restated_by: str
    buckets_over_time: str
    nothing_unpaid: str

    adds: str
    days: str
    rule: str
    version: str
    rules_in_force: str
    differs: str

    lease: str
    waits: str

    codes: Mapping[str, str] = field(default_factory=dict)
    """Names of enum members without their prefix; one that is missing is shown as it is."""

    def code(self, name: str, prefix: str = "") -> str:
        bare = name.removeprefix(prefix)
        return self.codes.get(bare, bare.lower().replace("_", " "))


ENGLISH = RegionWords(
    hold="hold",
    scope="scope",
    stops="stops",
    from_="from",
    through="through",
    open_ended="until further notice",
    stopped="stopped",
    not_stopped="not stopped",
    until_before="until before",
    by_holds="by",
    of_a_debt="for debts",
    of_a_part="for a part of one debt",
    no_holds="Nothing is on hold.",
    placed="Hold {hold} is placed.",
    extended="Hold {hold} is extended.",
    lifted="Hold {hold} is lifted.",
    scheduled="{count} instalments scheduled.",
    days_gone_by="days gone by",
    on_hold="of them on hold",
    of_grace="of grace",
    counted="days past due",
    oldest="unpaid since",
    past_due="past due",
    next_boundary="next bucket on",
    instalment="instalment",
    due="due",
    unpaid="unpaid",
    month_end="month-end",
    reported="as reported",
    restated="as restated",
    restated_by="by facts",
    buckets_over_time="Buckets over time",
    nothing_unpaid="Nothing that fell due is unpaid.",
    adds="adds",
    days="days",
    rule="rule",
    version="version",
    rules_in_force="Rules in force",
    differs="What the creditor's word differs by",
    lease="until",
    waits="waits",
    codes={"DPD": "days past due", "OURS": "our count", "CREDITOR": "the creditor's word"},
)

SPANISH = RegionWords(
    hold="paralización",
    scope="alcance",
    stops="paraliza",
    from_="desde",
    through="hasta",
    open_ended="hasta nuevo aviso",
    stopped="paralizado",
    not_stopped="en marcha",
    until_before="hasta antes del",
    by_holds="por",
    of_a_debt="en deudas",
    of_a_part="en parte de una deuda",
    no_holds="No hay nada paralizado.",
    placed="Paralización {hold} registrada.",
    extended="Paralización {hold} prorrogada.",
    lifted="Paralización {hold} levantada.",
    scheduled="{count} cuotas previstas.",
    days_gone_by="días transcurridos",
    on_hold="de ellos paralizados",
    of_grace="de gracia",
    counted="días de impago",
    oldest="impagado desde",
    past_due="vencido",
    next_boundary="próximo tramo el",
    instalment="cuota",
    due="vence",
    unpaid="impagado",
    month_end="fin de mes",
    reported="como se informó",
    restated="como se corrigió",
    restated_by="por los hechos",
    buckets_over_time="Tramos en el tiempo",
    nothing_unpaid="Nada de lo vencido está impagado.",
    adds="suma",
    days="días",
    rule="regla",
    version="versión",
    rules_in_force="Reglas vigentes",
    differs="En qué difiere la palabra del acreedor",
    lease="hasta el",
    waits="espera",
    codes={
        "CONTACT": "contacto",
        "TREATMENT": "tratamiento",
        "INTEREST": "intereses",
        "DPD": "días de impago",
        "BREACH_CLOCK": "plazo de incumplimiento",
        "ENFORCEMENT": "ejecución",
        "REPORTING": "ficheros de morosos",
        "STATUTORY_BREATHING_SPACE": "moratoria legal",
        "MENTAL_HEALTH_CRISIS": "crisis de salud mental",
        "DISPUTE": "disputa",
        "HARDSHIP_REVIEW": "estudio de dificultad",
        "VULNERABILITY": "vulnerabilidad",
        "DECEASED": "fallecimiento",
        "INSOLVENCY": "concurso",
        "LEGAL": "legal",
        "CLIENT_REQUEST": "petición del cliente",
        "COMPLAINT": "reclamación",
        "PAYMENT_IN_FLIGHT": "pago en camino",
        "DATA_QUALITY": "calidad de datos",
        "CLIENT_QUERY": "consulta al acreedor",
        "AHEAD": "por empezar",
        "HOLDS": "vigente",
        "EXPIRED": "vencida",
        "LIFTED": "levantada",
        "OURS": "nuestra cuenta",
        "CREDITOR": "palabra del acreedor",
        "PRINCIPAL": "principal",
        "FEES": "comisiones",
        "COSTS": "costas",
        "BUCKET_SET": "tramos",
        "DELINQUENCY_POLICY": "cómputo del impago",
        "HOLD_RULES": "paralizaciones",
        "BALANCE_AUTHORITY": "autoridad del saldo",
        "ASSIGNMENT_RULES": "asignación",
    },
)

REGION_WORDS: Mapping[Lang, RegionWords] = {"en": ENGLISH, "es": SPANISH}
