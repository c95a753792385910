"""Where the data are."""

from pathlib import Path

import pytest

from tollbook.config.home import data_home


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def test_tollbook_home_decides(checkout: Path) -> None:
    assert data_home({"TOLLBOOK_HOME": "/srv/tollbook"}, checkout) == Path("/srv/tollbook")
    assert data_home({"TOLLBOOK_HOME": "~/tollbook"}, checkout) == Path.home() / "tollbook"
    assert data_home({"TOLLBOOK_HOME": "here"}, checkout) == Path.cwd() / "here"


def test_a_checkout_keeps_its_own_data(checkout: Path) -> None:
    assert data_home({}, checkout) == checkout / ".tollbook"
    assert data_home({"TOLLBOOK_HOME": ""}, checkout) == checkout / ".tollbook"


def test_an_installed_package_uses_the_persons_data_folder(tmp_path: Path) -> None:
    assert data_home({}, tmp_path) == Path.home() / ".local/share/tollbook"
    assert data_home({"XDG_DATA_HOME": "/data"}, tmp_path) == Path("/data/tollbook")
