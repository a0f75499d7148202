"""Explaining: a decision taken again, from its log entry and the version of then alone."""

from __future__ import annotations

from services.strategy.domain import choosing
from services.strategy.domain.course import TreatmentDecided
from services.strategy.domain.strategies import Strategies
from services.strategy.domain.walking import Engine


def is_reproduced(decided: TreatmentDecided, strategies: Strategies, engine: Engine) -> bool:
    """Whether the same document over the same inputs gives the same candidates, the same choice, by the same row, for the same reason."""
    strategy = strategies.known(decided.strategy_version)
    if strategy.document_hash != decided.document_hash or choosing.hash_of(decided.inputs) != decided.inputs_hash:
        return False
    choice = choosing.choose(
        engine.read(strategy.document), decided.step, decided.occasion, choosing.seen_again(decided.inputs), engine.match_row
    )
    said = choosing.Choice(decided.candidates, decided.chosen, decided.leads_to, decided.row_id, decided.reason)
    return choice == said
