from tests.docs.requirements import PAGE, page


def test_the_page_of_requirements_is_what_the_marks_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make it anew: python -m tests.docs.requirements"
