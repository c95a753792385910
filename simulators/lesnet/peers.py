"""The carrier's peers: who they are, their DIDs, and the link under which the calls of each are told."""

from dataclasses import dataclass

UNKNOWN_TO_OPERATOR = "0BADC0FFEE017"


@dataclass(slots=True)
class Peer:
    """`link` is the number in the file's name."""

    id: str  # thirteen letters and digits
    link: str
    dids: tuple[str, ...]  # eleven digits, made up
    is_suspended: bool = False

    @property
    def path(self) -> str:
        return f"/cdr/{self.link}_0000.txt"


def peers() -> list[Peer]:
    """The same ones for every seed."""
    return [
        Peer("D4E3CD2BFC791", "11330", ("12045550121",)),
        Peer("A09F61B7722E4", "11331", ("12045550122", "12045550123")),
        Peer("5C18E0D9A4B36", "11342", ("13065550124",)),
        Peer("F7730142C9ADE", "11357", ("18075550125", "18075550126")),
        Peer(UNKNOWN_TO_OPERATOR, "11399", ("12045550127",)),
    ]
