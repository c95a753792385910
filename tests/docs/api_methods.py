"""Makes docs/api-methods.md from the methods that are served: `python -m tests.docs.api_methods`."""

import os
from itertools import groupby
from pathlib import Path

import django

PAGE = Path(__file__).parents[2] / "docs" / "api-methods.md"
INTRO = """\
# Methods of the PortaBilling-compatible API

What is served, in which realm, and what each method writes. Any other method is refused with
`Client.api.method_not_found`, and counted in `/health`. What a method takes and gives is in the OpenAPI
documents that a running server has at `/doc/api/AdminInterface.json`, `CustomerInterface.json` and
`AccountInterface.json`. Made by `python -m tests.docs.api_methods`.
"""
REALMS = {"staff": "admin", "customer": "customer", "account": "account"}


def page() -> str:
    """The page as it should be."""
    from tollbook.api.portabilling import services  # noqa: F401  serves the methods
    from tollbook.api.portabilling.method import METHODS

    parts = [INTRO]
    for service, methods in groupby(
        sorted(METHODS.values(), key=lambda one: one.name), lambda one: one.name.partition("/")[0]
    ):
        parts.append(f"\n## {service}\n\n| method | realms | what it does |\n|---|---|---|\n")
        for one in methods:
            realms = ", ".join(REALMS[realm] for realm in one.realms)
            writes = " (writes)" if one.writes else ""
            parts.append(
                f"| `{one.name.partition('/')[2]}` | {realms} | {one.summary.replace('|', chr(92) + '|')}{writes} |\n"
            )
    return "".join(parts)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tollbook.config.settings")
    django.setup()
    PAGE.write_text(page(), encoding="utf-8")
