"""Why something is refused to whoever wants it. Nothing was written."""

from tollbook.errors import BadInput


class AgreementExceeded(BadInput):
    """As many accounts as agreed have the product already."""


class NotInAgreement(BadInput):
    """The product is not one that the customer may use."""


class BlockedByStaff(BadInput):
    """Staff stopped it, so only staff may do anything with it."""


class DuplicateCode(BadInput):
    """Somebody or something else is called so already."""


class NumberNotYours(BadInput):
    """The number was not given to the customer."""


class NumberTaken(BadInput):
    """The number is on another account, or given to another customer."""


class NotTheirs(BadInput):
    """It is not the asker's to see or do. The same words whether or not it exists."""


class DoesNotGoWith(BadInput):
    """A main product and an add-on, or a product and the customer's currency, that do not go together."""
