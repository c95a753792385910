"""Platform installations: how each is reached, how its records are read, and when."""

import shlex
from datetime import time

from django.db import models


class PriceIs(models.TextChoices):
    """What a price in the platform's records means."""

    NOTHING = "", "the records carry no price, or one that means nothing"
    RETAIL = "retail", "what the customer shall pay"
    COST = "cost", "what the operator pays"


class Connection(models.Model):
    """One platform installation."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=40, default="files", help_text="the connector's name; data, not a choice")
    settings = models.JSONField(default=dict, help_text="what the connector's settings say, as text")
    secrets = models.TextField(blank=True, help_text="passwords and keys, encrypted (connections.secrets)")
    timezone = models.CharField(
        max_length=64, blank=True, help_text="of times without a zone, and of the schedule; blank = the layout's"
    )

    # How its records are read and matched.
    layout = models.TextField(default="tollbook", help_text="a built-in layout's name, or a mapping as TOML")
    number_rules = models.JSONField(default=dict, help_text="country, exit codes …, as phone.NumberRules has them")
    match_by = models.JSONField(
        default=list, help_text="ways to find the account, in order: usage.matching has them"
    )
    exclusions = models.JSONField(
        default=list, help_text="what costs nothing, [{pattern, is_hidden}]: usage.exclusions reads them"
    )
    price_is = models.CharField(max_length=10, choices=PriceIs, blank=True, default=PriceIs.NOTHING)

    # What synchronising may do by itself.
    creates_customers = models.BooleanField(default=False, help_text="customers found there only are made here")
    customer_defaults = models.JSONField(
        default=dict, help_text="currency, language, timezone, tax_rate … of customers made by the sync"
    )
    account_product = models.CharField(
        max_length=64,
        blank=True,
        help_text="code of the product of accounts made by the sync; blank = it makes none",
    )

    account_products = models.JSONField(
        default=dict,
        help_text="the platform's product, with * and ?, to the code of ours; account_product is for all others",
    )

    # When usage is collected.
    is_scheduled = models.BooleanField(default=False)
    collect_at = models.TimeField(default=time(1, 0), help_text="daily, in the connection's zone")
    collect_every = models.DurationField(null=True, blank=True, help_text="instead of daily")
    scheduled_at = models.DateTimeField(
        null=True, blank=True, help_text="when the schedule last asked for a collect, or was switched on"
    )
    import_from = models.DateField(
        null=True,
        blank=True,
        help_text="first day for newly paired customers; null = the day before their first import",
    )
    stale_after = models.DurationField(null=True, blank=True, help_text="alarm when nothing new came for so long")
    sequence_pattern = models.CharField(
        max_length=200,
        blank=True,
        help_text="names of its files, as cdr-{number}.csv or cdr-{date}.csv: an alarm when one in between is missing",
    )

    def __str__(self) -> str:
        return self.name

    @property
    def quoted(self) -> str:
        """The name as a shell reads it, for commands that people copy."""
        return shlex.quote(self.name)
