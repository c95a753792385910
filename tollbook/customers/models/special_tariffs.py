"""Special price lists of one customer or account."""

from django.db import models

from tollbook.catalog.models import KIND_CHOICES, Tariff
from tollbook.customers.models.accounts import Account
from tollbook.customers.models.customers import Customer

MAX_SPECIALS = 20  # of one owner and kind; each is a round of looking up prices


class SpecialTariff(models.Model):
    """A small tariff whose prefixes come before the product's, in `[active_from, active_until)`.

    Those of an account come before those of its customer; of several of one owner the first counts.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="specials")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, related_name="specials")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT)
    place = models.PositiveSmallIntegerField(help_text="in which order lists are asked, 0 is the first")
    active_from = models.DateTimeField(null=True, blank=True, help_text="null = always was")
    active_until = models.DateTimeField(null=True, blank=True, help_text="null = open end")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(account=None) ^ models.Q(customer=None), name="specialtariff_has_one_owner"
            ),
            models.CheckConstraint(
                condition=models.Q(active_until__gt=models.F("active_from"))
                | models.Q(active_from=None)
                | models.Q(active_until=None),
                name="specialtariff_ends_after_it_begins",
            ),
            models.UniqueConstraint(fields=["account", "kind", "place"], name="specialtariff_account_place_once"),
            models.UniqueConstraint(
                fields=["customer", "kind", "place"], name="specialtariff_customer_place_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account or self.customer} {self.kind}: {self.tariff}"
