"""What is sold: products and add-ons, and what they name for each kind of usage."""

from django.db import models

from tollbook.catalog.models.plans import SubscriptionPlan
from tollbook.catalog.models.tariffs import KIND_CHOICES, Tariff


class OnNet(models.TextChoices):
    """Whether a call between accounts costs anything."""

    CHARGED = "charged", "rated like any other call"
    CUSTOMER = "customer", "free between accounts of one customer"
    OPERATOR = "operator", "free between all accounts"


class Role(models.TextChoices):
    """What an account is used as."""

    UNIVERSAL = "universal"
    PHONE_LINE = "phone_line"
    AUTO_ATTENDANT = "auto_attendant"
    PREPAID_CARD = "prepaid_card"
    PINLESS = "pinless"
    IP_ADDRESS = "ip_address"
    USER_DOMAIN = "user_domain"
    MOBILE = "mobile"


class Product(models.Model):
    """What an account has: one tariff per usage kind, lists that come before it, and how its numbers are read.

    An account has one main product, and add-ons besides it: an add-on names what it adds (a fee, allowances), and
    prices the kinds of usage that the main product does not name.
    """

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    end_user_name = models.CharField(max_length=200, blank=True, help_text="as customers see it; blank = the name")
    end_user_description = models.TextField(blank=True)
    is_addon = models.BooleanField(default=False)
    goes_with_any = models.BooleanField(default=False, help_text="an add-on that goes with every main product")
    goes_with = models.ManyToManyField(
        "self", symmetrical=False, related_name="addons", help_text="main products that an add-on goes with"
    )
    role = models.CharField(
        max_length=20, choices=Role, default=Role.UNIVERSAL, help_text="of accounts that have it"
    )
    is_hidden = models.BooleanField(default=False, help_text="not offered any more; who has it keeps it")
    plan = models.ForeignKey(
        SubscriptionPlan, on_delete=models.PROTECT, null=True, related_name="products", help_text="its fees"
    )
    needs_approval = models.BooleanField(
        default=False, help_text="an account that a customer makes is inactive until staff activate it"
    )
    checklist = models.JSONField(default=list, help_text="what staff see to before they activate one, as texts")
    features = models.JSONField(default=dict, help_text="service features of accounts that say nothing else")
    on_net = models.CharField(max_length=20, choices=OnNet, default=OnNet.CHARGED)
    number_rules = models.JSONField(
        default=dict,
        help_text="in place of the connection's for the number called, as `phone.NumberRules` reads them",
    )
    exclusions = models.JSONField(
        default=list, help_text="what costs nothing, besides the connection's, [{pattern, is_hidden}]"
    )

    def __str__(self) -> str:
        return self.code


class ProductTariff(models.Model):
    """The tariff of one usage kind. No tariff = `not_billed`; a kind without a row is set aside: `no_tariff`."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="tariffs")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "kind"], name="producttariff_kind_once")]

    def __str__(self) -> str:
        return f"{self.product} {self.kind}"


class ProductSpecial(models.Model):
    """A special price list of a product: its prefixes come before the product's tariff. Of several the first counts."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="specials")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT)
    place = models.PositiveSmallIntegerField(help_text="in which order lists are asked, 0 is the first")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "kind", "place"], name="productspecial_place_once"),
            models.UniqueConstraint(fields=["product", "kind", "tariff"], name="productspecial_tariff_once"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.kind}: {self.tariff}"
