"""Telemetry: traces, metrics and logs that carry no personal data.

For the other rooms: `current_traceparent()`, `span(name, traceparent=…, **attributes)`, and the instruments in `metrics`.
"""

from services.chassis.telemetry.tracing import current_traceparent, span

__all__ = ["current_traceparent", "span"]
