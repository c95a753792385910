"""Session: what can be asked without being logged in, and what ends it."""

from simulators.portabilling.call import Call, Method
from simulators.portabilling.refusals import NO_AUTH, Refusal
from simulators.portabilling.transport import Record
from simulators.web import Answer


def login(call: Call) -> Answer:
    """Answers with the tokens, and sets them as cookies. No client may rely on the cookies' names: they are ours."""
    answer = call.sessions.login(call.realm, {**call.auth, **call.params})
    cookies = [
        ("Set-Cookie", f"{name}={answer[name]}; Path=/; HttpOnly") for name in ("session_id", "access_token")
    ]
    return Answer.json(answer, headers=cookies)


def refresh_access_token(call: Call) -> Record:
    return call.sessions.refresh(call.text("refresh_token"))


def ping(call: Call) -> Record:
    return {"user_id": call.sessions.ping({**call.auth, **call.params}, call.bearer)}


def logout(call: Call) -> Record:
    call.sessions.logout({**call.auth, **call.params}, call.bearer)
    return {"success": 1}


def change_password(call: Call) -> Record:
    """With the old password; the only way in for who must change it."""
    login = call.text("login") or str(call.auth.get("login") or "")
    if not login:
        raise Refusal(NO_AUTH)
    user = call.sessions.find(call.realm, login)
    old = call.text("old_password") or call.text("password")
    return call.sessions.change_password(call.realm, user, old, call.text("new_password"))


def change_own_password(call: Call) -> Record:
    """For who is logged in, whether with a token or with a password that is still good."""
    user = call.sessions.find(call.realm, call.session.login)
    return call.sessions.change_password(call.realm, user, call.text("old_password"), call.text("new_password"))


USER: dict[str, Method] = {"change_password": change_own_password}
METHODS: dict[str, Method] = {
    "login": login,
    "refresh_access_token": refresh_access_token,
    "ping": ping,
    "logout": logout,
    "change_password": change_password,
}
