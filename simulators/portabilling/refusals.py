"""How the platform says no: HTTP 500 with a code for programs and a sentence for people, whatever the reason.

Codes that clients switch on are spelled as the platform spells them, its misspelling of "authentication" included.
Where the platform's code is not public, ours follow its habit: side, service, method, reason.
"""

from simulators.web import Answer

LOGIN_FAILED = "Server.Session.auth_failed"
SESSION_DEAD = "Server.Session.check_auth.auth_failed"
BAD_ACCESS_TOKEN = "Client.Session.check_auth.failed_to_process_access_token"
NO_AUTH = "Client.check_auth.envelope_missed"
BAD_LOGOUT = "Client.Session.logout.failed_to_process_access_token"
REFRESH_FAILED = "Server.Session.refresh_access_token.refresh_failed"
MUST_CHANGE_PASSWORD = "Server.Session.alert_You_must_change_password"
BRUTE_FORCE = "Server.Session.cannot_login_brute_force_activity"
STANDALONE = "standalone_mode"

SENTENCES = {
    LOGIN_FAILED: "The login or password is incorrect. Please note: your password is case sensitive.",
    SESSION_DEAD: "Authentification failed",
    BAD_ACCESS_TOKEN: "Failed to process access token",
    NO_AUTH: "Envelope auth_info is missed",
    BAD_LOGOUT: "Failed to process access token",
    REFRESH_FAILED: "Failed to refresh access token",
    MUST_CHANGE_PASSWORD: "You must change password",
    BRUTE_FORCE: "Cannot login: brute force activity detected",
    STANDALONE: "The operation is not supported in standalone mode",
}


class Refusal(Exception):
    """What a method raises instead of answering."""

    def __init__(self, code: str, sentence: str | None = None) -> None:
        self.code = code
        self.sentence = sentence or SENTENCES[code]
        super().__init__(f"{self.code}: {self.sentence}")

    def answer(self) -> Answer:
        return Answer.json({"faultcode": self.code, "faultstring": self.sentence}, status=500)
