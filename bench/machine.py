"""What the figures were measured on: they mean something only together with it."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from tollbook.config.embedded.binaries import MAJOR_VERSION


def machine() -> dict[str, str]:
    """Hardware and versions, for people. Nothing that names the machine itself."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory_gb:.0f} GB",
        "system": f"{_system()}, Linux {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        **{name: version(name.lower()) for name in ("Polars", "NumPy", "DuckDB", "Django", "psycopg")},
        "PostgreSQL": f"{MAJOR_VERSION} (embedded)",
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
