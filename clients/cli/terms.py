"""Terms of a portfolio as a person says them in options: buckets as `current=..0,1=1..1,4+=4..`."""

from __future__ import annotations

import re

from acuerdo.cases.v1 import types_pb2 as types

from clients.cli.failures import usage

CYCLES = "current=..0,1=1..1,2=2..2,3=3..3,4+=4.."
"""The creditor counts billing cycles."""
DAYS = "current=..0,1-30=1..30,31-60=31..60,61-90=61..90,91-120=91..120,121-150=121..150,151-180=151..180,180+=181.."
"""Days past due: the usual thirty-day steps."""
UNITS = {"cycles": types.BUCKET_UNIT_CYCLES, "days": types.BUCKET_UNIT_DAYS}
USUAL = {"cycles": CYCLES, "days": DAYS}
AUTHORITIES = {"ours": types.AUTHORITY_OURS, "creditor": types.AUTHORITY_CREDITOR}
CHANGED = {"en": "{portfolio}: on these terms from {day} on.", "es": "{portfolio}: con estas condiciones desde el {day}."}
"""What is said when terms were changed."""

_BUCKET = re.compile(r"([^=,]+)=(-?[0-9]{1,6})?\.\.(-?[0-9]{1,6})?")


def bucket_set(text: str, unit: str, version: str) -> types.BucketSet:
    """From best to worst, each `name=from..to`, both ends included, an open end left out. Failure for what is not said so."""
    buckets = []
    for said in text.split(","):
        matched = _BUCKET.fullmatch(said.strip())
        if matched is None:
            raise usage(f"--buckets is not a list such as {CYCLES}: {said}")
        name, low, high = matched.groups()
        bucket = types.Bucket(name=name, to=None if high is None else int(high))
        if low is not None:
            setattr(bucket, "from", int(low))  # `from` is a keyword
        buckets.append(bucket)
    return types.BucketSet(version=version, unit=UNITS[unit], buckets=buckets)
