"""Time zones as numbers. The platform's own numbers are not public; ours are the checksums of the zones' names."""

import zlib
from functools import cache
from zoneinfo import available_timezones


@cache
def zone_number(name: str) -> int:
    """`i_time_zone` of a zone: the same at every site and after every update of the zones."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


@cache
def _names() -> dict[int, str]:
    return {zone_number(name): name for name in sorted(available_timezones())}


def zone_name(number: int) -> str | None:
    """The zone with that number; None = there is none."""
    return _names().get(number)
