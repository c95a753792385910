"""Who may log in and with what rights, their sessions, and what they wrote."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from tollbook.customers.models import Account, Customer


class RealmName(models.TextChoices):
    """As `customers.actors.Realm`."""

    STAFF = "staff"
    CUSTOMER = "customer"
    ACCOUNT = "account"


class Role(models.Model):
    """What its users may call."""

    realm = models.CharField(max_length=10, choices=RealmName)
    name = models.CharField(max_length=64)
    permissions = models.JSONField(default=list, help_text="patterns of Service/method, as Customer/get_*")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["realm", "name"], name="role_once_in_its_realm")]

    def __str__(self) -> str:
        return f"{self.realm} {self.name}"


class User(models.Model):
    """Somebody who logs in: one of the staff, a customer, or an account."""

    realm = models.CharField(max_length=10, choices=RealmName)
    login = models.CharField(max_length=64)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="users")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="users")
    role = models.ForeignKey(
        Role, null=True, on_delete=models.PROTECT, related_name="users", help_text="null = all that the realm has"
    )
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True, help_text="one-time passwords are sent there")
    password = models.CharField(max_length=200, blank=True, help_text="its hash; blank = no way in by password")
    password_changed_at = models.DateTimeField(null=True)
    must_change_password = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, blank=True, help_text="of the API token; blank = none")
    token_made_at = models.DateTimeField(null=True)
    allowed_addresses = models.JSONField(default=list, help_text="networks it may come from; none = any")
    is_blocked = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["realm", "login"], name="login_once_in_its_realm"),
            models.CheckConstraint(
                condition=models.Q(realm="staff", customer=None, account=None)
                | models.Q(realm="customer", customer__isnull=False, account=None)
                | models.Q(realm="account", customer__isnull=False, account__isnull=False),
                name="user_is_of_its_realm",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.realm} {self.login}"


class ApiSession(models.Model):
    """A login that holds. Who reads this table can use none of them: ids and tokens are kept as hashes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    id_hash = models.CharField(max_length=64, unique=True)
    refresh_hash = models.CharField(max_length=64, unique=True)
    sealed_id = models.CharField(max_length=32, help_text="the id, readable by who has the refresh token")
    address = models.CharField(max_length=45, blank=True)
    opened_at = models.DateTimeField()
    by_token = models.BooleanField(default=False, help_text="by an API token, which does not expire")
    opened_by = models.CharField(
        max_length=200, blank=True, help_text="of the staff, for somebody; blank = themselves"
    )
    expires_at = models.DateTimeField()
    refresh_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["refresh_until"], name="session_forgotten_after")]

    def __str__(self) -> str:
        return f"session {self.pk} of {self.user_id}"


class SigningKey(models.Model):
    """What access tokens of this site are signed with; the newest signs, all verify."""

    key_id = models.CharField(max_length=32, unique=True)
    private = models.TextField(help_text="encrypted (connections.secrets)")
    public = models.TextField(help_text="PEM")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key_id


class LoginFailure(models.Model):
    """A login that was refused: what guessing passwords is slowed down by. Kept for a quarter of an hour."""

    at = models.DateTimeField()
    address = models.CharField(max_length=45)
    login_hash = models.CharField(max_length=64, help_text="people type passwords there, too, so it is not kept")

    class Meta:
        indexes = [
            models.Index(fields=["address", "at"], name="loginfailure_address"),
            models.Index(fields=["login_hash", "at"], name="loginfailure_login"),
            models.Index(fields=["at"], name="loginfailure_at"),
        ]

    def __str__(self) -> str:
        return f"{self.address} at {self.at}"


class OneTimePassword(models.Model):
    """A code that was sent to somebody, good once and in the session that asked for it."""

    session = models.ForeignKey(ApiSession, on_delete=models.CASCADE, related_name="codes")
    operation = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "operation"], name="one_code_a_session_and_operation")
        ]

    def __str__(self) -> str:
        return f"code for {self.operation}"


class AuditEntry(models.Model):
    """Something that somebody changed. Added to, never changed (a trigger); without secrets."""

    at = models.DateTimeField()
    who = models.CharField(max_length=200)
    user_id = models.BigIntegerField(null=True, help_text="of the user, who may be gone by now")
    realm = models.CharField(max_length=10, choices=RealmName)
    address = models.CharField(max_length=45, blank=True)
    method = models.CharField(max_length=100, help_text="Service/method")
    subject = models.CharField(max_length=200, help_text="as `customer 46170`")
    before = models.JSONField(encoder=DjangoJSONEncoder)
    after = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "id"], name="audit_of_a_subject"),
            models.Index(fields=["at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.subject}"
