"""Calendar: business deadlines are midnights in a stated zone; every instant has a zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.kernel.refusal import IsInvalid


def zone(name: str, field: str = "zone") -> ZoneInfo:
    """The IANA zone of that name, or IsInvalid naming `field`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise IsInvalid(field, "is not an IANA time zone", value=name) from unknown


def start_of(day: date, in_zone: ZoneInfo) -> datetime:
    """The first instant of `day` in the zone, in UTC. Where midnight does not exist (DST), the first instant after the gap."""
    local = datetime.combine(day, time.min, tzinfo=in_zone)
    at = local.astimezone(UTC)
    # In a gap fold=0 maps midnight to the instant after it by the old offset: the day has begun by then, never before.
    return at if at.astimezone(in_zone).date() >= day else at + timedelta(hours=1)


def date_at(instant: datetime, in_zone: ZoneInfo) -> date:
    """The calendar date of `instant` in the zone."""
    return instant.astimezone(in_zone).date()
