"""User: the staff who may log in."""

from typing import Annotated

import msgspec
from django.db.models import QuerySet

from tollbook.access.models import RealmName, Role
from tollbook.access.models import User as StoredUser
from tollbook.access.operations import add_user as add
from tollbook.access.operations import change_user, set_password
from tollbook.access.queries import users
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import denied, invalid, missing, refused
from tollbook.api.portabilling.fields import YN, Bit, Id, TimeText, YesNo, bit, time_text, yes_no
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import STAFF, Info, Request, method
from tollbook.api.portabilling.services.session import Changed, ChangePassword, change_own_password

ALL = ("*",)

Name = Annotated[str, msgspec.Meta(max_length=200)]
Email = Annotated[str, msgspec.Meta(max_length=254)]


class UserInfo(msgspec.Struct, kw_only=True):
    i_user: int
    login: str
    name: str
    email: str
    i_role: int | None
    role: str
    blocked: YN
    is_super_user: Bit
    password_changed: TimeText | None
    must_change_password: YN
    created: TimeText | None


class GetUserList(ListRequest):
    login: str | None = None
    name: str | None = None


class UserList(msgspec.Struct):
    user_list: list[UserInfo]
    total: int | msgspec.UnsetType = msgspec.UNSET


@method("User/get_user_list", realms=(STAFF,))
def get_user_list(caller: Caller, asked: GetUserList) -> UserList:
    """The staff who may log in, by login."""
    rows = _staff().filter(like("login", asked.login), like("name", asked.name, any_case=True))
    found, total = page(caller, rows, asked)
    return UserList([_info(one) for one in found], total)


class GetUserInfo(Request):
    i_user: Id | None = None
    login: str | None = None


class FoundUser(msgspec.Struct):
    user_info: UserInfo | msgspec.UnsetType = msgspec.UNSET


@method("User/get_user_info", realms=(STAFF,))
def get_user_info(caller: Caller, asked: GetUserInfo) -> FoundUser:
    """One of the staff, by id or login; without either, who asks."""
    wanted = {"pk": asked.i_user, "login": asked.login}
    named = {name: value for name, value in wanted.items() if value is not None} or {"pk": caller.user_id}
    user = _staff().filter(**named).first()
    return FoundUser(_info(user)) if user else FoundUser()


class NewUser(Info):
    login: str
    password: str
    name: Name = ""
    email: Email = ""
    i_role: Id | None = None
    must_change_password: YesNo | msgspec.UnsetType = msgspec.UNSET


class AddUser(Request):
    user_info: NewUser


class UserId(msgspec.Struct):
    i_user: int


@method("User/add_user", realms=(STAFF,), writes=True)
def add_user(caller: Caller, asked: AddUser) -> UserId:
    """Let somebody new of the staff log in. Nobody gives more rights than they have."""
    told = asked.user_info
    user = add(
        realm=RealmName.STAFF,
        login=told.login,
        password=told.password,
        role=_role(caller, told.i_role),
        now=caller.now,
        name=told.name,
        email=told.email,
        must_change_password=isinstance(told.must_change_password, YesNo) and told.must_change_password.is_yes,
    )
    caller.made(f"user {user.pk}", _look(user))
    return UserId(user.pk)


class ChangedUser(Info):
    i_user: Id
    name: Name | msgspec.UnsetType = msgspec.UNSET
    email: Email | msgspec.UnsetType = msgspec.UNSET
    password: str | msgspec.UnsetType = msgspec.UNSET
    i_role: Id | msgspec.UnsetType | None = msgspec.UNSET
    blocked: YesNo | msgspec.UnsetType = msgspec.UNSET
    must_change_password: YesNo | msgspec.UnsetType = msgspec.UNSET


class UpdateUser(Request):
    user_info: ChangedUser


@method("User/update_user", realms=(STAFF,), writes=True)
def update_user(caller: Caller, asked: UpdateUser) -> UserId:
    """Change one of the staff. Nobody changes who has more rights than they have, nor blocks themselves."""
    told = asked.user_info
    user = _staff().select_for_update(of=("self",)).filter(pk=told.i_user).first()
    if user is None:
        raise refused(caller.method, "not_found", f"there is no user {told.i_user}")
    if caller.permissions != ALL and (user.role is None or tuple(user.role.permissions) != caller.permissions):
        raise denied(caller.method, "you may change only users with your own role")
    facts: dict[str, object] = {}
    for name in ("name", "email"):
        if (value := getattr(told, name)) is not msgspec.UNSET:
            facts[name] = value
    if told.i_role is not msgspec.UNSET:
        facts["role"] = _role(caller, told.i_role)
    if isinstance(told.blocked, YesNo):
        if told.blocked.is_yes and user.pk == caller.user_id:
            raise invalid(caller.method, "blocked", "you cannot block yourself; have somebody else do it")
        facts["is_blocked"] = told.blocked.is_yes
    if isinstance(told.must_change_password, YesNo):
        facts["must_change_password"] = told.must_change_password.is_yes
    with caller.changing(f"user {user.pk}", lambda: _look(user)):
        if isinstance(told.password, str) and told.password:
            set_password(user=user, password=told.password, now=caller.now, but=caller.session_id)
        change_user(user=user, now=caller.now, **facts)
    return UserId(user.pk)


@method("User/change_password", realms=(STAFF,))
def change_password(caller: Caller, asked: ChangePassword) -> Changed:
    """Change one's own password; all other sessions end."""
    return change_own_password(caller, asked.login or "", asked.old_password, asked.new_password)


def _staff() -> QuerySet[StoredUser]:
    return users(RealmName.STAFF)


def _role(caller: Caller, i_role: int | None) -> Role | None:
    """The role meant, None for all rights, if the caller may give it."""
    role = None if i_role is None else Role.objects.filter(realm=RealmName.STAFF, pk=i_role).first()
    if i_role is not None and role is None:
        raise invalid(caller.method, "i_role", f"there is no role {i_role}")
    if caller.permissions != ALL:
        if role is None:
            raise missing(caller.method, "i_role", "user_info")
        if tuple(role.permissions) != caller.permissions:
            raise denied(caller.method, "you may give only your own role")
    return role


def _info(user: StoredUser) -> UserInfo:
    return UserInfo(
        i_user=user.pk,
        login=user.login,
        name=user.name,
        email=user.email,
        i_role=user.role_id,
        role=user.role.name if user.role else "",
        blocked=yes_no(user.is_blocked),
        is_super_user=bit(user.role is None),
        password_changed=time_text(user.password_changed_at),
        must_change_password=yes_no(user.must_change_password),
        created=time_text(user.created_at),
    )


def _look(user: StoredUser) -> dict[str, object]:
    return {
        "login": user.login,
        "name": user.name,
        "email": user.email,
        "role": user.role.name if user.role else "",
        "blocked": user.is_blocked,
        "must change at next login": user.must_change_password,
        "changed at": user.password_changed_at,
    }
