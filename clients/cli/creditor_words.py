"""The words around what is owed by whose word, what the two differ by, and how a case ends; in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class CreditorWords:
    """Beside `Words`, for the creditor's word against ours."""

    closed: str
    reopened: str
    by_word_of: str
    our_ledger: str
    creditor_says: str
    on_day: str
    debt: str

    as_of: str
    ours: str
    theirs: str
    explained_by: str
    unexplained: str
    days_old: str
    resolved: str
    no_differences: str
    accepted: str
    report_retracted: str
    withdrawal_revoked: str

    codes: Mapping[str, str] = field(default_factory=dict)
    """Names of enum members without their prefix; one that is missing is shown as it is."""

    def code(self, name: str, prefix: str) -> str:
        bare = name.removeprefix(prefix)
        return self.codes.get(bare, bare.lower().replace("_", " "))


ENGLISH = CreditorWords(
    closed="Closed: {outcome}.",
    reopened="Open again: {reason}.",
    by_word_of="by the word of",
    our_ledger="our ledger",
    creditor_says="the creditor says",
    on_day="{amount} on {day}",
    debt="debt",
    as_of="as of",
    ours="ours",
    theirs="theirs",
    explained_by="explained by",
    unexplained="unexplained",
    days_old="for {days} days",
    resolved="accepted",
    no_differences="Nothing differs.",
    accepted="Accepted: what was unexplained on {day} is no longer listed.",
    report_retracted="What {file} said of {day} no longer counts.",
    withdrawal_revoked="The case is ours again, and goes on where it was.",
    codes={"OURS": "ours", "CREDITOR": "the creditor"},
)

SPANISH = CreditorWords(
    closed="Cerrado: {outcome}.",
    reopened="Abierto de nuevo: {reason}.",
    by_word_of="según",
    our_ledger="nuestro libro",
    creditor_says="dice el acreedor",
    on_day="{amount} a {day}",
    debt="deuda",
    as_of="a día",
    ours="nuestro",
    theirs="suyo",
    explained_by="se explica por",
    unexplained="sin explicar",
    days_old="desde hace {days} días",
    resolved="aceptada",
    no_differences="No hay diferencias.",
    accepted="Aceptada: lo que quedaba sin explicar a {day} ya no figura.",
    report_retracted="Lo que {file} decía de {day} ya no cuenta.",
    withdrawal_revoked="El expediente vuelve a ser nuestro y sigue donde estaba.",
    codes={
        "OURS": "nosotros",
        "CREDITOR": "el acreedor",
        "PRINCIPAL": "principal",
        "INTEREST": "intereses",
        "FEES": "comisiones",
        "COSTS": "costas",
        "PAYMENT_NOT_BOOKED_BY_CREDITOR": "pago no apuntado por el acreedor",
        "PAYMENT_UNKNOWN_TO_US": "pago que no conocemos",
        "ADJUSTMENT_NOT_BOOKED_BY_CREDITOR": "ajuste no apuntado por el acreedor",
        "CHARGE_UNKNOWN_TO_US": "cargo que no conocemos",
        "DISPUTE_NOT_BOOKED_BY_CREDITOR": "disputa no apuntada por el acreedor",
        "ROUNDING": "redondeo",
        "DEBT_NOT_IN_BOTH": "deuda que solo uno cuenta",
        "SETTLED_BEFORE": "aceptado antes",
        "PAID_IN_FULL": "pagado por completo",
        "SETTLED": "pagado con quita",
        "CURED": "puesto al corriente",
        "SMALL_BALANCE": "saldo pequeño",
        "WRITTEN_OFF": "dado por perdido",
        "RECALLED_BY_CLIENT": "retirado por el cliente",
        "SOLD": "vendido",
        "DISPUTE_UPHELD": "disputa estimada",
        "INSOLVENCY": "concurso",
        "DECEASED_NO_ESTATE": "fallecido sin herencia",
        "TIME_BARRED": "prescrito",
        "UNTRACEABLE": "ilocalizable",
        "DUPLICATE": "duplicado",
        "REGISTERED_IN_ERROR": "alta por error",
        "NO_LEGAL_BASIS": "sin base legal",
        "PAYMENT_REVERSED": "pago devuelto",
        "CLOSED_IN_ERROR": "cerrado por error",
        "NEW_EVIDENCE": "pruebas nuevas",
        "CLIENT_REQUEST": "a petición del cliente",
        "GROUND_DISAPPEARED": "ya no hay motivo para cerrarlo",
        "WITHDRAWAL_REVOKED": "baja anulada",
    },
)

CREDITOR_WORDS: Mapping[Lang, CreditorWords] = {"en": ENGLISH, "es": SPANISH}
