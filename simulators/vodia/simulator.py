"""The simulator as tests and the demo have it: a month behind a port, and switches for what may change in it."""

from typing import Self

from simulators.faults import Faults
from simulators.vodia.app import FIRST_PAGE, MAX_SIZE, Switch
from simulators.vodia.calls import Call, TimeStyle
from simulators.vodia.month import closing, make_month
from simulators.vodia.people import Tenant, tenants
from simulators.vodia.sessions import TOKEN_SECONDS, Login, Sessions
from simulators.web import Server, Tls

LOGIN, PASSWORD = "admin", "vodia-pretended"
SESSION_SECONDS = 3_600.0


class Simulator:
    """Vodia with one month of calls.

    `login="basic"` takes Basic everywhere, "session" wants the two steps of release 70 and its cookie, "old" the PUT
    of 2015 and its cookie, "any" takes all. The cookie of the two steps is marked Secure as documented, so a client
    that speaks plain HTTP has to send it by itself.

    The switches work over the network too: `POST /_control/` and their name, arguments in JSON.
    """

    login = LOGIN
    password = PASSWORD

    def __init__(
        self,
        seed: int = 1,
        month: str = "2017-06",
        login: Login = "basic",
        *,
        session_seconds: float = SESSION_SECONDS,
        token_seconds: float = TOKEN_SECONDS,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls | None = None,
    ) -> None:
        people = tenants()
        sessions = Sessions(_passwords(people), login, session_seconds, token_seconds)
        self.switch = Switch(people, make_month(seed, month), sessions, closing(month))
        self.faults = Faults(
            expire_sessions=sessions.end_all,
            switches={
                "arrives": self.arrives,
                "ignores_orders": self.ignores_orders,
                "denies_api": self.denies_api,
                "times": self.set_times,
                "paging": self.set_paging,
                "keep_days": self.set_keep_days,
                "account": self.set_account,
                "trunk": self.set_trunk,
            },
        )
        self._server = Server(self.faults.guard(self.switch.handle), host=host, port=port, tls=tls)

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self._server.url

    @property
    def tenants(self) -> list[Tenant]:
        return self.switch.tenants

    @property
    def calls(self) -> list[Call]:
        """In the order in which they ended."""
        return self.switch.calls

    def tenant_login(self, tenant: str) -> tuple[str, str]:
        """Name and password of a tenant's administrator."""
        return f"admin@{tenant}", _password(f"admin@{tenant}")

    def extension_login(self, tenant: str, extension: str) -> tuple[str, str]:
        return f"{extension}@{tenant}", _password(f"{extension}@{tenant}")

    def arrives(self, count: int, after_pages: int = 1) -> None:
        """So many new calls, when so many further pages have been answered, of the tenant that is being paged."""
        with self.switch.lock:
            self.switch.arrivals.append((count, after_pages))

    def ignores_orders(self, is_so: bool = True) -> None:
        """From now on every write answers `{}` and changes nothing."""
        self.switch.is_ignoring_orders = is_so

    def denies_api(self, is_so: bool = True) -> None:
        """The administrators' accounts have no access to the API: 403 for a right password."""
        self.switch.is_denying_api = is_so

    def set_times(self, style: TimeStyle) -> None:
        """Moments of calls as "text" or as "float"."""
        self.switch.times = style

    def set_paging(self, *, first_page: int = FIRST_PAGE, max_size: int = MAX_SIZE) -> None:
        """How `cdrs` counts its pages, and how many calls one has at most."""
        self.switch.first_page, self.switch.max_size = first_page, max_size

    def set_keep_days(self, days: int | None) -> None:
        """Calls that ended longer ago are gone; a switch as delivered keeps seven days. None keeps all."""
        self.switch.keep_days = days

    def set_account(self, tenant: str, account: str, **settings: str) -> None:
        """Settings that somebody changes by hand, as `disabled="true"`."""
        with self.switch.lock:
            found = self.switch.tenant(tenant).account(account)
            if found is None:
                raise ValueError(f"{tenant} has no account {account}")
            found.settings |= settings

    def set_trunk(self, tenant: str, id: int, is_disabled: bool) -> None:
        """Likewise a trunk."""
        with self.switch.lock:
            for trunk in self.switch.tenant(tenant).trunks:
                if trunk.id == id:
                    trunk.is_disabled = is_disabled

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _passwords(people: list[Tenant]) -> dict[str, str]:
    names = [f"admin@{tenant.name}" for tenant in people]
    names += [f"{account.number}@{tenant.name}" for tenant in people for account in tenant.extensions]
    return {LOGIN: PASSWORD} | {name: _password(name) for name in names}


def _password(name: str) -> str:
    return f"pretended {name}"
