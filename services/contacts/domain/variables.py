"""Variables: what messages may speak of, a closed list, with made-up values by which a text is tried before anybody sends it."""

from __future__ import annotations

from collections.abc import Mapping

_SAMPLES: Mapping[str, Mapping[str, str]] = {
    "es": {
        "name": "María Ejemplo",
        "creditor": "Banco Ejemplo",
        "sender": "Gestora Ejemplo",
        "promise_date": "5 de marzo de 2026",
        "promise_amount": "120,00 EUR",
        "today": "1 de marzo de 2026",
        "opt_out": "Si no quiere recibir más mensajes, responda a optout@example.invalid.",
    },
    "en": {
        "name": "Mary Sample",
        "creditor": "Sample Bank",
        "sender": "Sample Agency",
        "promise_date": "5 March 2026",
        "promise_amount": "120.00 EUR",
        "today": "1 March 2026",
        "opt_out": "To stop these messages, reply to optout@example.invalid.",
    },
}
VARIABLES = ("creditor", "link", "name", "opt_out", "promise_amount", "promise_date", "reference", "sender", "today")
"""The closed list. `name` is the person's; `reference` the creditor's of the case; `sender` is who we are."""


MAY_LACK = (("link",), ("promise_amount", "promise_date"))
"""What a message may be sent without: not every one carries a link, or speaks of a promise."""


def sample_values(locale: str) -> dict[str, str]:
    """A made-up value for every variable, in the language of the text where we have one."""
    spoken = _SAMPLES.get(locale[:2], _SAMPLES["en"])
    return {**spoken, "reference": "REF-0001", "link": "https://pay.example.invalid/SAMPLE"}
