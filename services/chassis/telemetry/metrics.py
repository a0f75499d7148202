"""The instruments: what a running service counts and measures. Labels are closed sets of our own words, never a person's or a case's id.

Counters and histograms are written where the thing happens (`COMMANDS.add(1, {"service": …})`); gauges hold the last value set.
They record nothing until the Telemetry part has started with somewhere to send them.
"""

from __future__ import annotations

from opentelemetry import metrics

_meter = metrics.get_meter("acuerdo")

RPCS = _meter.create_histogram("acuerdo.rpc.duration", "s", "Time from request to status. Labels: method, code")
COMMANDS = _meter.create_counter("acuerdo.commands", "1", "Units by what came of them. Labels: service, outcome")
BATCH_UNITS = _meter.create_histogram("acuerdo.log.batch_units", "1", "Units committed together. Labels: service")
COMMIT_SECONDS = _meter.create_histogram("acuerdo.log.commit", "s", "Time of one call of append(). Labels: service")
LOG_QUEUE = _meter.create_gauge("acuerdo.log.queue", "1", "Units waiting for the writer. Labels: service")
RELAY_LAG = _meter.create_gauge("acuerdo.relay.lag", "1", "Stored facts not yet published. Labels: service")
FOLLOWER_LAG = _meter.create_gauge("acuerdo.follower.lag", "1", "Facts told and not yet heard. Labels: service, follower, source")
WATERMARK_AGE = _meter.create_gauge("acuerdo.follower.watermark_age", "s", "Age of what is fully heard. Labels: service, follower, source")
PARKED = _meter.create_gauge("acuerdo.follower.parked", "1", "Facts set aside. Labels: service, follower, source")
TIMERS_LATE = _meter.create_gauge("acuerdo.timers.late", "s", "How late the oldest due timer is. Labels: service")
TOKENS_REFUSED = _meter.create_counter("acuerdo.identity.refused", "1", "Calls without a valid token or role. Labels: reason")
TEXTS_REFUSED = _meter.create_counter("acuerdo.rpc.texts_refused", "1", "Strings that held a card number. Labels: method")
HOLDS_UNHEEDED = _meter.create_counter("acuerdo.holds.unheeded", "1", "Holds on which somebody has not acted in time. Labels: service")
HOLD_LATENCY = _meter.create_histogram("acuerdo.hold.latency", "s", "From a hold's recording to that of who acted on it. Labels: service")
