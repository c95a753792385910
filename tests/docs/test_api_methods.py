"""The list of methods that are served is the list of methods that are served."""

from tests.docs.api_methods import PAGE, page


def test_the_page_is_made_from_the_methods() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.api_methods"
