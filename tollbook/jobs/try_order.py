"""One try of an order at a platform: what becomes of it when that does not go well."""

import logging
from collections.abc import Callable

from django.db import Error as DatabaseError

from tollbook.connectors.errors import ForAPerson, TryAgainLater
from tollbook.errors import TollbookError

LOG = logging.getLogger(__name__)

Said = Callable[[str], None]  # what is done, with why


def try_order(
    bring_about: Callable[[], None], *, again: Said, hand_over: Said, fail: Said, order: object, platform: str
) -> bool:
    """Bring it about, or say why not: later again, for a person, or failed. False: the platform was away."""
    try:
        bring_about()
    except TryAgainLater as error:
        again(str(error))
        return False
    except ForAPerson as error:
        hand_over(str(error))
    except TollbookError as error:
        fail(str(error))
    except DatabaseError:
        raise
    except Exception as error:
        LOG.exception("order %s", order)
        again(f"{platform}: a defect in Tollbook: {error!r}; the log has more")
    return True
