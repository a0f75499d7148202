"""Counters of telling and hearing, beside the gauges of chassis/telemetry. Labels are closed sets of our own words."""

from opentelemetry import metrics

_meter = metrics.get_meter("acuerdo.follower")

RELAYED = _meter.create_counter("acuerdo.relay.records", "1", "Records acknowledged by Kafka. Labels: service")
HEARD = _meter.create_counter("acuerdo.follower.records", "1", "Records by what came of them. Labels: follower, source, outcome")
GAPS = _meter.create_counter("acuerdo.follower.gaps", "1", "Gaps filled from the source's log. Labels: follower, source")
RESTARTS = _meter.create_counter("acuerdo.follower.restarts", "1", "Consumers begun again for want of progress. Labels: follower, source")
TIMERS = _meter.create_counter("acuerdo.timers.fired", "1", "Due timers by what came of them. Labels: service, outcome")
TIMER_LATENESS = _meter.create_histogram("acuerdo.timers.lateness", "s", "From due to fired, business time. Labels: service")
