"""One trace: from a caller's command through Kafka to the reaction in the other service, and back."""

from __future__ import annotations

from acuerdo.common.v1 import log_pb2

from clients.cli.stepping import settle
from tests.acceptance.collector import SpanSeen
from tests.acceptance.house import House
from tests.acceptance.portfolios import a_case, open_portfolio

TRACE, CALLERS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TENANT = "bank-traced"
COMMAND = "acuerdo.cases.v1.Cases/RegisterCase"


async def test_a_command_its_hearing_there_and_the_hearing_of_that_here_are_one_trace(house: House) -> None:
    async with house.doors(TENANT) as doors:
        portfolio = await open_portfolio(doors, TENANT, 1)
        await settle(doors)
        traced = (("traceparent", f"00-{TRACE}-{CALLERS_SPAN}-01"),)
        registered = await doors.cases.RegisterCase(a_case(portfolio), metadata=traced)
        await settle(doors)
        history = [
            record
            async for answer in doors.log("cases").Replay(log_pb2.ReplayRequest(stream_id=registered.case_id))
            for record in answer.records
        ]

    spans = house.collector.wait_for(lambda found: all(one_of(found, *expected) for expected in EXPECTED), TRACE)

    assert {(span.service, span.name) for span in spans} == set(EXPECTED)
    command = one_of(spans, "acuerdo.cases", COMMAND)
    assert command is not None
    assert command.parent_id == CALLERS_SPAN
    heard_there = [span for span in spans if (span.service, span.name) == ("acuerdo.strategy", "hear")]
    assert {span.parent_id for span in heard_there} == {command.span_id}
    assert {span.attributes["source"] for span in heard_there} == {"cases"}
    heard_here = [span for span in spans if (span.service, span.name) == ("acuerdo.cases", "hear")]
    assert {span.attributes["source"] for span in heard_here} == {"strategy"}
    assert {span.parent_id for span in heard_here} <= {span.span_id for span in heard_there}
    assert {record.traceparent.split("-")[1] for record in history} == {TRACE}
    assert history[-1].type == "acuerdo.cases.v1.SegmentRecorded"


def one_of(spans: list[SpanSeen], service: str, name: str) -> SpanSeen | None:
    return next((span for span in spans if (span.service, span.name) == (service, name)), None)


EXPECTED = (("acuerdo.cases", COMMAND), *((f"acuerdo.{name}", "hear") for name in ("cases", "contacts", "payments", "strategy")))
"""Three others hear of it; cases hears what strategy says to it."""
