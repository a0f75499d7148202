"""Content rules: what a message must say and must not say, by jurisdiction. Data in one list, with citations; drafts are checked.

A required variable must be in every rendering of the template; a required clause is met by any of its wordings in the message's language.
`basis` says honestly where a rule is a house policy and no law. Whether a text is lawful is for a lawyer: these are the floor under the
approval by a second person, not in its place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

CONTENT_RULES_VERSION = "2026.11.0"


class Basis(Enum):
    """On what a rule rests."""

    LAW = "LAW"
    GUIDANCE = "GUIDANCE"
    HOUSE_POLICY = "HOUSE_POLICY"


@dataclass(frozen=True, slots=True)
class ContentRule:
    """One rule. `jurisdiction` empty: for everybody. Terms are by language (ISO 639-1), in lower case, without accents."""

    id: str
    cite: str
    basis: Basis
    jurisdiction: str = ""
    variable: str = ""
    """Must be said."""
    clauses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """One of these must be said."""
    forbidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """None of these may be said."""

    def concerns(self, jurisdiction: str) -> bool:
        """A rule of a country holds in its subdivisions."""
        return self.jurisdiction in ("", jurisdiction, jurisdiction[:2])


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a text breaks, and what it says about it."""

    rule: ContentRule
    description: str


def rules_for(jurisdiction: str) -> list[ContentRule]:
    """In fixed order."""
    return [rule for rule in CONTENT_RULES if rule.concerns(jurisdiction)]


def first_breach(jurisdiction: str, locale: str, says: Sequence[str], source: str, renderings: Sequence[str]) -> Breach | None:
    """The first rule, in fixed order, that the text breaks. `says`: the variables that stand in all of its renderings.

    What is forbidden is looked for in the source too: a rendering shows one way through its conditions.
    """
    texts = [plain(text) for text in renderings]
    everywhere = [plain(source), *texts]
    language = locale[:2]
    for rule in rules_for(jurisdiction):
        if rule.variable and rule.variable not in says:
            return Breach(rule, f"must always say {{{{ {rule.variable} }}}}")
        if rule.clauses and not all(_says_one_of(text, rule.clauses.get(language, ())) for text in texts):
            return Breach(rule, "lacks a clause that the law asks for")
        for term in rule.forbidden.get(language, ()):
            if any(_says(text, term) for text in everywhere):
                return Breach(rule, f"must not say {term!r}")
    return None


def plain(text: str) -> str:
    """Lower case, without accents, single spaces: so that rules are written once."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(bare.casefold().split())


def _says_one_of(text: str, terms: Sequence[str]) -> bool:
    return any(_says(text, term) for term in terms)


def _says(text: str, term: str) -> bool:
    return re.search(rf"\b{re.escape(term)}\b", text) is not None


CONTENT_RULES: Sequence[ContentRule] = (
    ContentRule("ANY.SENDER", "Whoever is written to is told who writes", Basis.HOUSE_POLICY, variable="sender"),
    ContentRule("ANY.CREDITOR", "GDPR art. 28; LOPDGDD art. 33.2: who acts for a creditor names it", Basis.GUIDANCE, variable="creditor"),
    ContentRule(
        "ANY.THREATS",
        "Directive (EU) 2021/2167 art. 10: no harassment, coercion or undue influence",
        Basis.GUIDANCE,
        forbidden={
            "es": ("carcel", "prision", "denuncia penal", "embargo inmediato", "ultimo aviso antes de embargo", "moroso", "morosa"),
            "en": ("arrest", "jail", "prison", "criminal charges", "deadbeat"),
            "pt": ("prisao", "cadeia", "caloteiro"),
        },
    ),
    ContentRule(
        "CO.2300.WHY",
        "Ley 2300 de 2023: the reason for the default is not asked",
        Basis.LAW,
        jurisdiction="CO",
        forbidden={
            "es": ("por que no ha pagado", "por que no pago", "motivo del incumplimiento", "motivo del impago", "razon del no pago"),
            "en": ("why you have not paid", "reason for default"),
        },
    ),
    ContentRule(
        "MX.CONDUSEF.AUTHORITY",
        "Disposiciones de caracter general, DOF 2014-10-07: no names or seals of authorities",
        Basis.LAW,
        jurisdiction="MX",
        forbidden={"es": ("juzgado", "ministerio publico", "actuario", "orden judicial"), "en": ("court order",)},
    ),
    ContentRule("US.REGF.OPTOUT", "12 CFR 1006.6(e)", Basis.LAW, jurisdiction="US", variable="opt_out"),
    ContentRule(
        "US.REGF.DISCLOSURE",
        "12 CFR 1006.18(e)",
        Basis.LAW,
        jurisdiction="US",
        clauses={"en": ("debt collector", "collect a debt"), "es": ("cobrador de deudas", "cobrar una deuda")},
    ),
    ContentRule(
        "US.REGF.FALSE",
        "12 CFR 1006.18(b)(2): no false threat of seizure, garnishment or suit",
        Basis.LAW,
        jurisdiction="US",
        forbidden={"en": ("garnish", "seize", "lawsuit will be filed"), "es": ("embargaremos", "demanda inmediata")},
    ),
)
