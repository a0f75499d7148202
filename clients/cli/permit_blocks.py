"""Blocks of output about permits: whether somebody may be contacted, and every reason why not. Each fits in 100 columns."""

from __future__ import annotations

from collections.abc import Iterable

from acuerdo.contacts.v1 import decisions_pb2 as decisions
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli.frames import moment, pairs_frame, table_frame, word_of
from clients.cli.permit_words import PERMIT_WORDS, PermitWords
from clients.cli.words import Words


def answer_block(answer: permits.RequestPermitResponse, words: Words) -> RenderableType:
    """Granted, deferred or denied, and why."""
    said = PERMIT_WORDS[words.lang]
    kind = word_of_answer(answer.answer)
    facts = pairs_frame()
    style = "bold green" if kind == "GRANTED" else "bold yellow" if kind == "DEFERRED" else "bold red"
    facts.add_row(said.permit, Text.assemble((said.answers[kind], style), (f"  {answer.permit_id}", "dim")))
    if answer.HasField("expires_at"):
        facts.add_row(said.expires, moment(answer.expires_at))
    if answer.HasField("next_allowed_at"):
        facts.add_row(said.next_allowed, moment(answer.next_allowed_at))
    return Group(facts, decision_block(answer.decision, words))


def explanation_block(explained: permits.ExplainDecisionResponse, words: Words) -> RenderableType:
    said = PERMIT_WORDS[words.lang]
    facts = pairs_frame()
    facts.add_row(said.recorded, moment(explained.recorded_at))
    again = (said.reproduced, "green") if explained.is_reproduced else (said.differs, "bold red")
    facts.add_row("", Text.assemble(again, (f"  {explained.told_hash.hex()[:16]}", "dim")))
    facts.add_row(said.now_in_force, _packs(explained.packs_now) or "-")
    return Group(decision_block(explained.decision, words), facts)


def decision_block(decision: decisions.ContactDecision, words: Words) -> RenderableType:
    said = PERMIT_WORDS[words.lang]
    verdict = decisions.PolicyVerdict.Name(decision.verdict).removeprefix("POLICY_VERDICT_")
    facts = pairs_frame()
    facts.add_row(moment(decision.evaluated_at), Text(said.verdicts[verdict], style="red" if verdict == "DENY" else "green"))
    facts.add_row(said.rules, "\n".join(f"{used.pack_id} {used.version}" for used in decision.packs))
    facts.add_row(said.zones, ", ".join(decision.zones) or "?")
    rows = {
        said.obligations: "\n".join(" ".join((owed.code, owed.detail)).strip() for owed in decision.obligations),
        said.limits: "\n".join(f"{limit.rule_id}  {limit.used}/{limit.limit}" for limit in decision.limits),
        said.needs: ", ".join(decision.needs),
        said.alternatives: ", ".join(_alternatives(decision, said)),
        said.on_trial: "\n".join(_shadows(decision, said)),
    }
    for name, value in rows.items():
        if value:
            facts.add_row(name, value)
    blocks: list[RenderableType] = [facts]
    for title, reasons in ((said.reason, decision.reasons), (said.overridden, decision.overridden), (said.warnings, decision.warnings)):
        if reasons:
            blocks.append(reasons_table(title, reasons, said))
    return Group(*blocks)


def reasons_table(title: str, reasons: Iterable[decisions.PolicyReason], said: PermitWords) -> RenderableType:
    table = table_frame()
    table.add_column(title, overflow="fold", ratio=3)
    table.add_column(said.saw, overflow="fold", ratio=3)
    table.add_column(said.clears, overflow="fold", ratio=2)
    for reason in reasons:
        what = Text.assemble((reason.code, "bold"), f"\n{reason.rule_id}", (f"\n{reason.cite}", "dim"))
        saw = "\n".join(f"{seen.name} {seen.value}" for seen in reason.facts)
        table.add_row(what, saw, moment(reason.clears_at) if reason.HasField("clears_at") else said.by_event)
    return table


def next_block(answer: permits.NextAllowedAtResponse, words: Words) -> RenderableType:
    said = PERMIT_WORDS[words.lang]
    if answer.is_allowed_now:
        return Text(said.allowed_now, style="green")
    when = moment(answer.next_allowed_at) if answer.HasField("next_allowed_at") else f"{said.needs}: {', '.join(answer.needs) or '?'}"
    facts = pairs_frame()
    facts.add_row(said.next_allowed, when)
    facts.add_row(said.reason, ", ".join(answer.codes))
    return facts


def checked_block(packs: Iterable[permits.CheckedPack], words: Words) -> RenderableType:
    said = PERMIT_WORDS[words.lang]
    blocks: list[RenderableType] = []
    for pack in packs:
        outcome = (f"{said.failing} {len(pack.failing)}", "bold red") if pack.failing else (said.all_pass, "green")
        blocks.append(Text.assemble((pack.ref.pack_id, "bold"), f" {pack.ref.version}  {pack.vectors} {said.vectors}: ", outcome))
        blocks.extend(Text(f"  {failing.name}: {failing.differs}", style="red") for failing in pack.failing)
    return Group(*blocks)


def packs_block(listed: permits.ListPacksResponse, words: Words) -> RenderableType:
    said = PERMIT_WORDS[words.lang]
    if not listed.packs:
        return Text(said.no_packs, style="yellow")
    table = table_frame()
    for name in (said.pack, said.version, said.status, said.vectors, said.in_force):
        table.add_column(name, overflow="fold")
    for pack in listed.packs:
        now = said.in_force if pack.is_in_force else said.trial if pack.ref.is_shadow else ""
        table.add_row(pack.ref.pack_id, pack.ref.version, pack.status, str(pack.vectors), Text(now, style="green"))
    return table


def word_of_answer(answer: permits.PermitAnswer) -> str:
    return permits.PermitAnswer.Name(answer).removeprefix("PERMIT_ANSWER_")


def _packs(refs: Iterable[permits.PackRef]) -> str:
    return "\n".join(f"{ref.pack_id} {ref.version}" for ref in refs)


def _alternatives(decision: decisions.ContactDecision, said: PermitWords) -> Iterable[str]:
    for other in decision.alternatives:
        verdict = word_of(decisions.PolicyVerdict.Name(other.verdict), "POLICY_VERDICT_").upper().replace(" ", "_")
        yield f"{other.channel} {said.verdicts.get(verdict, verdict)}"


def _shadows(decision: decisions.ContactDecision, said: PermitWords) -> Iterable[str]:
    for shadow in decision.shadows:
        verdict = decisions.PolicyVerdict.Name(shadow.verdict).removeprefix("POLICY_VERDICT_")
        yield f"{shadow.pack}: {said.verdicts[verdict]} {', '.join(reason.code for reason in shadow.reasons)}".rstrip()
