"""A customer's own dial plan: extensions, hunt groups, abbreviated numbers, phone books."""

from django.db import models

from tollbook.customers.models.accounts import Account
from tollbook.customers.models.customers import Customer


class Extension(models.Model):
    """A short number inside a customer's PBX, usually an account's. An account has at most one."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="extensions")
    number = models.CharField(max_length=32, help_text="digits as dialled")
    name = models.CharField(max_length=200, blank=True)
    account = models.OneToOneField(Account, null=True, on_delete=models.SET_NULL, related_name="extension")
    is_published = models.BooleanField(default=False, help_text="shown in the company directory")
    details = models.JSONField(default=dict, help_text="what clients of the API keep with it")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "number"], name="extension_once"),
            models.CheckConstraint(condition=models.Q(number__regex="^[0-9]+$"), name="extension_is_digits"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.number}"


class HuntGroup(models.Model):
    """Extensions that ring for one number. Its number is one of the customer's extensions too."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="hunt_groups")
    name = models.CharField(max_length=200)
    extension = models.OneToOneField(Extension, on_delete=models.PROTECT, related_name="group")
    sequence = models.CharField(
        max_length=40, default="Simultaneous", help_text="in which order its extensions ring"
    )
    details = models.JSONField(default=dict, help_text="how it rings, as clients of the API say it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "name"], name="huntgroup_name_once")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.name}"


class HuntGroupMember(models.Model):
    """An extension in a hunt group."""

    group = models.ForeignKey(HuntGroup, on_delete=models.CASCADE, related_name="members")
    extension = models.ForeignKey(Extension, on_delete=models.CASCADE, related_name="memberships")
    place = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "extension"], name="huntgroupmember_once")]

    def __str__(self) -> str:
        return f"{self.extension} in {self.group}"


class DialCode(models.Model):
    """A short code of a customer, or an entry of an account's phone book."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="dial_codes")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="phone_book", help_text="null = everybody's"
    )
    code = models.CharField(
        max_length=32, blank=True, help_text="what is dialled; blank = a phone book entry only"
    )
    number = models.CharField(max_length=64, help_text="what it stands for")
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "account", "code"],
                condition=~models.Q(code=""),
                nulls_distinct=False,
                name="dialcode_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code or self.name}: {self.number}"
