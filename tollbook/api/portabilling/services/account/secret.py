"""The password that an account has at the switch: kept encrypted, shown to who may see it."""

from tollbook.connections.secrets import decrypted
from tollbook.customers.models import Account

PASSWORD = "password"


def service_password(account: Account) -> str:
    """The password in plain; "" when none is kept."""
    secrets = decrypted(account.service_secret, connection=account.code)
    return secrets[PASSWORD].reveal() if PASSWORD in secrets else ""
