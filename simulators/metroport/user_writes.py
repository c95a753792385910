"""Creating and changing users: what is needed, and what is refused."""

from collections.abc import Iterable, Mapping

from simulators.metroport.users import COMPANY, PERSON, User

WRITABLE = (
    "name",
    "lastname",
    "customertype",
    "pesel",
    "nip",
    "city1",
    "zip1",
    "streetname1",
    "streetno1",
    "local1",
    "email",
)
IDENTIFIERS = ("nip", "pesel")


class Refused(Exception):
    """The request asks for what is not done. `status` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def create_user(users: list[User], fields: Mapping[str, object]) -> User:
    """Add a user. Raises Refused: a field is missing, or another user has the NIP or the PESEL."""
    user = User(max(one.id for one in users) + 1, lastname="", customertype="")
    _write(user, fields)
    _check(user)
    _check_is_new(user, users, IDENTIFIERS)
    users.append(user)
    return user


def change_user(users: list[User], id: int, fields: Mapping[str, object]) -> None:
    """Write the fields that are given. Raises Refused, and then changes nothing."""
    user = next((user for user in users if user.id == id), None)
    if user is None:
        raise Refused(404, f"User {id} not found")
    before = {name: getattr(user, name) for name in WRITABLE}
    _write(user, fields)
    try:
        _check(user)
        _check_is_new(user, users, [name for name in IDENTIFIERS if before[name] != getattr(user, name)])
    except Refused:
        _write(user, before)
        raise


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _write(user: User, fields: Mapping[str, object]) -> None:
    for name in WRITABLE:
        if name in fields:
            setattr(user, name, "" if fields[name] is None else str(fields[name]))


def _check(user: User) -> None:
    if user.customertype not in {COMPANY, PERSON}:
        raise Refused(400, f"Field customertype must be {COMPANY} or {PERSON}")
    needed = "nip" if user.customertype == COMPANY else "pesel"
    for name in ("lastname", needed):
        if not getattr(user, name).strip():
            raise Refused(400, f"Field {name} is required")


def _check_is_new(user: User, users: list[User], names: Iterable[str]) -> None:
    for name in names:
        number = digits(getattr(user, name))
        others = [one for one in users if one is not user and number and digits(getattr(one, name)) == number]
        if others:
            raise Refused(409, f"User with this {name} exists: {others[0].id}")
