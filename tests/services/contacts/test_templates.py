"""Templates: what may be written, in which language it is sent and where, and who may let it go out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contacts.adapters import liquid_texts
from services.contacts.adapters.liquid_texts import NotRendered
from services.contacts.domain import template
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.template import Draft, MessageTemplateApproved, Template, TemplateState, Text
from services.contacts.domain.variables import VARIABLES
from services.kernel.facts import told
from services.kernel.refusal import IsInvalid

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
BODY = "{{ name }}: {{ creditor }}, {{ sender }}"


def a_template() -> Template:
    found = Template.blank(template.stream_of("demo", "reminder"))
    found.now = found.happened_at = NOON
    return found


def drafted(of: Template, body: str = BODY, author: str = "ana", **changed: Any) -> int:
    said = {"locale": "es-ES", "jurisdiction": "ES", "channel": Channel.EMAIL, "purpose": Purpose.REMINDER, **changed}
    asked = Draft(name="reminder", source=Text("Hola", body), author=author, **said)
    template.draft(of, asked, liquid_texts.examine)
    version = template.version_of(of, asked)
    assert version is not None
    return version


def approved(of: Template, *args: Any, **kwargs: Any) -> int:
    version = drafted(of, *args, **kwargs)
    template.approve(of, version, "bea")
    return version


@pytest.mark.parametrize(
    ("body", "jurisdiction", "locale", "said"),
    [
        ("{{ sender }} {{ creditor }} {{ debt }}", "ES", "es-ES", "may use creditor"),
        ("{{ sender }} {{ creditor }} {{ name.size }}", "ES", "es-ES", "nothing inside them"),
        ("{{ sender }} {{ creditor }} {{ name | split: '' }}", "ES", "es-ES", "may use the filters"),
        ("{{ sender }} {{ creditor", "ES", "es-ES", "is not a template"),
        ("{% for i in (1..9) %}{{ sender }}{{ creditor }}{% endfor %}", "ES", "es-ES", "is not a template"),
        ("{% assign x = 1 %}{{ sender }}{{ creditor }}", "ES", "es-ES", "is not a template"),
        ("{% include 'other' %}", "ES", "es-ES", "is not a template"),
        ("{{ creditor }}", "ES", "es-ES", "ANY.SENDER"),
        ("{% if link %}{{ sender }}{% endif %}{{ creditor }}", "ES", "es-ES", "ANY.SENDER"),
        ("{{ sender }}", "ES", "es-ES", "ANY.CREDITOR"),
        ("{{ sender }} {{ creditor }}: irá a la CÁRCEL", "ES", "es-ES", "ANY.THREATS"),
        ("{{ sender }} {{ creditor }} {% if link %}{% unless name %}cárcel{% endunless %}{% endif %}", "ES", "es-ES", "ANY.THREATS"),
        ("{{ sender }} {{ creditor }} ¿Por qué no ha pagado?", "CO", "es-CO", "CO.2300.WHY"),
        ("{{ sender }} {{ creditor }}: el Juzgado", "MX", "es-MX", "MX.CONDUSEF.AUTHORITY"),
        ("{{ sender }} {{ creditor }}", "US-MA", "en-US", "US.REGF.OPTOUT"),
        ("{{ sender }} {{ creditor }} {{ opt_out }}", "US", "en-US", "US.REGF.DISCLOSURE"),
        ("{{ sender }} {{ creditor }} {{ opt_out }} debt collector", "US", "fr-FR", "US.REGF.DISCLOSURE"),
        ("{{ sender }} {{ creditor }} {{ opt_out }} debt collector, we garnish", "US", "en-US", "US.REGF.FALSE"),
        ("x" * 50_000 + BODY, "ES", "es-ES", "cannot be rendered"),
    ],
)
def test_what_may_not_be_said_is_refused_when_it_is_drafted(body: str, jurisdiction: str, locale: str, said: str) -> None:
    of = a_template()

    with pytest.raises(IsInvalid) as refused:
        drafted(of, body, jurisdiction=jurisdiction, locale=locale)

    assert said in refused.value.description
    assert told(of) == []


@pytest.mark.parametrize(
    ("body", "jurisdiction", "locale"),
    [
        (BODY, "ES", "es-ES"),
        ("{{ sender }} {{ creditor }}: la carcelera", "ES", "es-ES"),
        ("{{ sender }} {{ creditor }} ¿Por qué no ha pagado?", "ES", "es-ES"),
        ("{{ sender }} {{ creditor }} {{ opt_out }} We are a debt collector.", "US", "en-US"),
        ("{{ sender }} {{ creditor }} {% if promise_date %}{{ promise_amount }} {{ promise_date }}{% endif %}", "ES", "es-ES"),
    ],
)
def test_what_may_be_said_is_drafted_and_not_yet_sent(body: str, jurisdiction: str, locale: str) -> None:
    of = a_template()

    drafted(of, body, jurisdiction=jurisdiction, locale=locale)

    assert of.best_version(jurisdiction, locale) is None
    assert of.versions[1].state is TemplateState.DRAFT


def test_a_template_says_what_it_needs_and_what_it_only_uses() -> None:
    of = a_template()

    drafted(of, BODY + "{% if link %}{{ link }}{% endif %}{{ promise_date | default: 'pronto' }}")

    assert of.versions[1].variables == ("creditor", "link", "name", "promise_date", "sender")
    assert of.versions[1].needs == ("creditor", "name", "sender")


def test_its_author_may_not_approve_it_and_whoever_asks_twice_approves_once() -> None:
    of = a_template()
    version = drafted(of, author="ana")

    with pytest.raises(template.AuthorMayNotApprove):
        template.approve(of, version, "ana")
    template.approve(of, version, "bea")
    template.approve(of, version, "carlos")

    assert [type(fact) for fact in told(of)][1:] == [MessageTemplateApproved]
    assert of.versions[1].approver == "bea"


def test_what_is_retired_is_not_approved_again() -> None:
    of = a_template()
    version = approved(of)
    template.retire(of, version, "OLD")

    with pytest.raises(template.TemplateVersionIsRetired):
        template.approve(of, version, "bea")
    assert drafted(of) == version + 1


def test_the_newest_in_the_persons_language_is_sent_else_the_newest() -> None:
    of = a_template()
    spanish = approved(of)
    english = approved(of, locale="en-GB")
    newer = approved(of, "{{ name }} {{ creditor }} {{ sender }}.")
    drafted(of, "{{ name }} {{ creditor }} {{ sender }}!")

    chosen = [of.best_version("ES", language) for language in ("es", "en-US", "fr", "")]

    assert [version.version for version in chosen if version] == [newer, english, newer, newer]
    assert spanish < newer


def test_what_was_checked_for_one_country_is_not_sent_in_another() -> None:
    of = a_template()
    country = approved(of, "{{ sender }} {{ creditor }} {{ opt_out }} a debt collector", jurisdiction="US", locale="en-US")
    state = approved(of, "{{ sender }} {{ creditor }} {{ opt_out }} the debt collector", jurisdiction="US-MA", locale="en-US")

    chosen = {place: of.best_version(place, "en") for place in ("US", "US-MA", "US-TX", "ES")}

    assert {place: version and version.version for place, version in chosen.items()} == {
        "US": country,
        "US-MA": state,
        "US-TX": country,
        "ES": None,
    }


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=40)))
def test_a_value_is_never_read_as_a_template(values: dict[str, str]) -> None:
    """What a name holds is shown as it is, whatever it looks like."""
    shown = {**dict.fromkeys(VARIABLES, "-"), **values, "name": "{{ creditor }}{% if x %}"}

    rendered = liquid_texts.render(Text("s", "{{ name }}"), shown)

    assert rendered.body == "{{ creditor }}{% if x %}\n"


def test_a_missing_value_is_never_rendered_as_nothing() -> None:
    with pytest.raises(NotRendered):
        liquid_texts.render(Text("s", "{{ name }} {{ link }}"), {"name": "Ana"})
