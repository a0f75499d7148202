"""A strategy is published only when it is sound: each thing that can be wrong with one is found, by its rule and at its place."""

from __future__ import annotations

import json

import pytest
import yaml

from services.strategy.adapters import strategy_file
from services.strategy.adapters.rows import COLUMNS
from services.strategy.domain.findings import Rule
from services.strategy.domain.graph import BEGIN, Channel, Pay, Purpose, StepKind, WaitAnchor
from services.strategy.domain.segments import SegmentTables
from tests.services.strategy.examples import SAMPLE, tables
from tests.services.strategy.stories import FOLDER, LISTEN_FIRST

SOUND = """
form: acuerdo.strategy/1
name: A short one
begin:
  otherwise: remind
steps:
  remind:
    message: {channel: email, purpose: reminder, template: first-reminder, pay: link}
    on_delivered: wait
    on_denied: call
    on_bounced: call
  wait:
    wait: {days: 7}
    next: sort_out
  sort_out:
    decide:
      - {row: large, when: {balance_minor_units: ">= 100000", segment: [personal_call, specialist_care]}, go: call, because: Large.}
      - {row: rest, go: done, because: Small.}
  call:
    hand_to_agent: {reason: NO_ANSWER}
  done:
    end: {}
"""
WHEN = '{balance_minor_units: ">= 100000", segment: [personal_call, specialist_care]}'
NO_TABLES = tables(SAMPLE, active=0)


def found(document: str, of: SegmentTables = NO_TABLES) -> list[tuple[str, str]]:
    """(rule, place) of every finding."""
    return [(each.rule.name, each.field) for each in strategy_file.judge(document.encode(), of)[1]]


def changed(before: str, after: str) -> str:
    assert before in SOUND
    return SOUND.replace(before, after)


def test_a_sound_strategy_has_no_findings_and_is_read_as_it_is_written() -> None:
    graph, findings = strategy_file.judge(SOUND.encode(), tables(SAMPLE))
    assert findings == []
    assert graph is not None
    message, wait = graph.steps["remind"].message, graph.steps["wait"].wait
    assert message is not None
    assert wait is not None
    assert (message.channel, message.purpose, message.pay) == (Channel.EMAIL, Purpose.REMINDER, Pay.LINK)
    assert (wait.days, wait.after, wait.at) == (7, WaitAnchor.STEP, None)
    assert graph.steps["sort_out"].rows[0].when == (
        ("balance_minor_units", ">= 100000"),
        ("segment", '"personal_call", "specialist_care"'),
    )


def test_json_is_yaml_too() -> None:
    as_json = json.dumps(yaml.safe_load(SOUND))
    assert strategy_file.judge(as_json.encode(), NO_TABLES)[0] == strategy_file.judge(SOUND.encode(), NO_TABLES)[0]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.name)
def test_the_sample_strategies_are_sound_by_the_sample_table(file: object) -> None:
    document = getattr(file, "read_bytes")()  # noqa: B009
    assert strategy_file.judge(document, tables(SAMPLE))[1] == []


@pytest.mark.parametrize(
    ("before", "after", "rule", "place"),
    [
        ("name: A short one", "name: [", "DOCUMENT_IS_BROKEN", ""),
        ("form: acuerdo.strategy/1", "form: acuerdo.strategy/9", "DOCUMENT_IS_BROKEN", "form"),
        ("name: A short one", "name: a\nname: b", "DOCUMENT_IS_BROKEN", ""),
        ("name: A short one", "name: &a b\nalways: *a", "DOCUMENT_IS_BROKEN", ""),
        ("pay: link}", "pay: link, colour: red}", "UNKNOWN_WORD", "steps.remind.message.colour"),
        ("on_denied: call", "on_denied: call\n    on_full_moon: call", "UNKNOWN_WORD", "steps.remind.on_full_moon"),
        ("name: A short one\n", "", "MISSING_WORD", "name"),
        ("  otherwise: remind", "  friendly: remind", "MISSING_WORD", "begin.otherwise"),
        ("    end: {}", "    next: call", "MISSING_WORD", "steps.done"),
        ("{days: 7}", "{days: -1}", "WRONG_VALUE", "steps.wait.wait.days"),
        ("{days: 7}", "{days: 1.5}", "WRONG_VALUE", "steps.wait.wait.days"),
        ("{days: 7}", '{days: 7, at: "25:00"}', "WRONG_VALUE", "steps.wait.wait.at"),
        ("{days: 7}", "{}", "MISSING_WORD", "steps.wait.wait"),
        ("channel: email", "channel: pigeon", "WRONG_VALUE", "steps.remind.message.channel"),
        ("reason: NO_ANSWER", "reason: because", "WRONG_VALUE", "steps.call.hand_to_agent.reason"),
        ("next: sort_out", "next: sort", "UNKNOWN_STEP", "steps.wait.next"),
        ("  done:", "  island:\n    end: {}\n  done:", "UNREACHABLE_STEP", "steps.island"),
        ("    on_bounced: call\n", "", "DEAD_END", "steps.remind.on_bounced"),
        ("    next: sort_out\n", "", "DEAD_END", "steps.wait.next"),
        (", pay: link", "", "NO_PAYMENT_METHOD", "steps.remind.message.pay"),
        ("channel: email", "channel: letter", "METHOD_NOT_ON_CHANNEL", "steps.remind.message.pay"),
        ("template: first-reminder", "template: First Reminder", "TEMPLATE_REFERENCE", "steps.remind.message.template"),
        (
            "{row: rest, go: done, because: Small.}",
            "{row: rest, when: {segment: x}, go: done, because: S.}",
            "TABLE",
            "steps.sort_out.decide",
        ),
        ('">= 100000"', '">= many"', "TABLE", "steps.sort_out.decide[0].when.balance_minor_units"),
        ("balance_minor_units:", "shoe_size:", "TABLE", "steps.sort_out.decide[0].when.shoe_size"),
        (f"when: {WHEN}, ", "", "TABLE", "steps.sort_out.decide[1]"),
        ("{row: rest,", "{row: large,", "WRONG_VALUE", "steps.sort_out.decide"),
        ("go: done, because: Small.", "go: remind, because: Small.", "UNREACHABLE_STEP", "steps.done"),
        ("{days: 7}", "{days: 0}", "", ""),
    ],
)
def test_what_is_wrong_is_found_where_it_is(before: str, after: str, rule: str, place: str) -> None:
    findings = found(changed(before, after))
    assert ((rule, place) in findings) if rule else findings == []


def test_a_circle_that_takes_no_time_is_found() -> None:
    at_once = changed("go: done, because: Small.", "go: remind, because: Small.").replace("{days: 7}", "{days: 0}")
    circle = {("LOOP_WITHOUT_WAIT", f"steps.{step}") for step in ("remind", "wait", "sort_out")}
    assert set(found(at_once)) >= circle
    in_a_week = changed("go: done, because: Small.", "go: remind, because: Small.")
    assert not {finding for finding in found(in_a_week) if finding[0] == "LOOP_WITHOUT_WAIT"}
    pressed_again = changed("on_denied: call", "on_denied: remind")
    assert ("LOOP_WITHOUT_WAIT", "steps.remind") in found(pressed_again)


def test_a_wait_that_is_counted_from_an_older_fact_takes_no_time_in_a_circle() -> None:
    """Seven days after the segment began are over at once when they are over already."""
    circle = changed("go: done, because: Small.", "go: wait, because: Small.").replace("{days: 7}", "{days: 7, after: segment}")
    assert ("LOOP_WITHOUT_WAIT", "steps.wait") in found(circle)


def test_a_way_without_an_end_is_found() -> None:
    endless = changed("    hand_to_agent: {reason: NO_ANSWER}", "    wait: {days: 1}\n    next: wait")
    endless = endless.replace("go: done, because: Small.", "go: call, because: Small.").replace("  done:\n    end: {}\n", "")
    assert {("NO_EXIT", f"steps.{step}") for step in ("remind", "wait", "sort_out", "call")} <= set(found(endless))


def test_the_guide_shows_a_sound_strategy_and_says_every_rule_and_every_word_that_is_seen() -> None:
    guide = (FOLDER.parents[1] / "docs" / "guide-strategy.md").read_text()
    assert found(guide.split("```yaml\n")[1].split("```")[0], tables(SAMPLE)) == []
    assert [rule.name for rule in Rule if rule.name.isupper() and "_WORD" not in rule.name and rule.name not in guide] == [
        "DOCUMENT_IS_BROKEN",
        "WRONG_VALUE",
    ]
    assert [column for column in COLUMNS if f"`{column}`" not in guide] == []


def test_segments_are_those_of_the_table_in_force() -> None:
    document = changed("  otherwise: remind", "  gold_customers: remind\n  otherwise: remind")
    assert found(document) == []
    assert found(document, tables(SAMPLE)) == [("UNKNOWN_SEGMENT", "begin.gold_customers")]


def test_every_rule_has_a_case_here_or_elsewhere() -> None:
    """Each rule that the contract names can be broken."""
    cases = next(mark for mark in test_what_is_wrong_is_found_where_it_is.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    tried = {case[2] for case in cases.args[1]} | {"LOOP_WITHOUT_WAIT", "NO_EXIT", "UNKNOWN_SEGMENT"}
    assert {rule.name for rule in Rule} <= tried


@pytest.mark.parametrize(
    "document", [b"", b"\xff\xfe", b"[]", b"a: b", b"{" * 5_000, b"- " * 3_000, b"form: acuerdo.strategy/1\nsteps: []"]
)
def test_whatever_is_not_a_strategy_is_found_to_be_none(document: bytes) -> None:
    assert strategy_file.judge(document, NO_TABLES)[1]


def test_words_that_yaml_would_take_for_something_else_are_words() -> None:
    graph, findings = strategy_file.judge(LISTEN_FIRST.replace(b"name: Listen first", b"name: 12:30"), tables(SAMPLE))
    assert (findings, graph and graph.name) == ([], "12:30")
    assert graph is not None
    assert BEGIN not in graph.steps
    assert {step.kind for step in graph.steps.values()} == set(StepKind)
