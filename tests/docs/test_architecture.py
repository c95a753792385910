"""The tree in ARCHITECTURE.md is the tree."""

import re
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
TEXT = (CHECKOUT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def rooms() -> set[str]:
    """Folders and modules of the package, as the tree writes them."""
    found = {path.name for path in (CHECKOUT / "tollbook").glob("*.py") if not path.name.startswith("__")}
    return found | {f"{path.parent.name}/" for path in (CHECKOUT / "tollbook").glob("*/__init__.py")}


def test_every_room_of_the_package_is_in_the_tree_and_no_other() -> None:
    tree = TEXT.split("```")[3]
    inside = tree[tree.index("tollbook/\n") :].splitlines()[1:]
    drawn = {word for line in inside if re.match(r"  \w", line) for word in _names(line)}
    assert drawn == rooms()


def _names(line: str) -> list[str]:
    return re.findall(r"[\w.]+(?:/|\.py)", re.split(r"\s{2,}", line.strip())[0])


def test_the_order_of_imports_is_the_one_that_is_checked() -> None:
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    said = re.search(r"`(config > cli[^`]+)`", TEXT)
    assert said is not None
    assert re.sub(r"\s+", " ", said[1]) == " > ".join(layers).replace(" : ", " | ")


def test_every_place_it_points_to_is_there() -> None:
    for path in re.findall(r"`((?:\w+/)+\w*(?:\.py)?)`", TEXT.split("## Where is")[1].split("## Laws")[0]):
        assert (CHECKOUT / "tollbook" / path).exists(), path
