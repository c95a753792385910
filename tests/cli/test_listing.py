"""Lists on screens of any width: no column is ever cut off."""

import io

import pytest
from rich.console import Console

from tollbook.cli import listing

ORDER = {
    "order": 1, "connection": "demo fusionpbx", "target": "customer", "id": "maple.example.ca", "wanted": "suspended",
    "state": "done", "platform_says": "every extension disabled", "emergency_calls": "stop too",
    "calls_in_progress": "go on",
}  # fmt: skip


@pytest.mark.parametrize(("width", "is_table"), [(80, False), (100, True), (120, True)])
def test_every_column_is_shown_on_any_screen(width: int, is_table: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    monkeypatch.setattr(listing, "console", lambda: screen)

    listing.print_list([ORDER], as_json=False, empty="")

    assert isinstance(screen.file, io.StringIO)
    printed = screen.file.getvalue()
    assert max(map(len, printed.splitlines())) <= width
    assert printed.startswith("┏") is is_table
    assert all(word in printed for word in ("order", "maple", "stop too", "go on", "progress"))
