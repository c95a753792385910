"""How much of a file is taken in before a line is set aside or the file refused."""

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one file of calls. A line beyond its own is set aside; beyond the others the file is refused."""

    max_expanded_bytes: int = 64 * GIB  # of a compressed file, once unpacked: stops zip bombs
    max_line_bytes: int = MIB  # of one line, and of one record that runs over several lines
    max_record_lines: int = 100  # lines one record may run over inside quotes
    max_columns: int = 1_000
    max_spooled_bytes: int = 64 * GIB  # of a stream that cannot be read backwards and is copied to disk first
