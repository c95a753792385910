"""CustomerClass: there is one class, and everybody is in it."""

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.lists import ListRequest, span
from tollbook.api.portabilling.method import STAFF, method


class CustomerClass(msgspec.Struct):
    i_customer_class: int
    name: str


class CustomerClassList(msgspec.Struct):
    customer_class_list: list[CustomerClass]
    total: int | msgspec.UnsetType = msgspec.UNSET


ONLY = CustomerClass(1, "Default")


@method("CustomerClass/get_customer_class_list", realms=(STAFF,))
def get_customer_class_list(caller: Caller, asked: ListRequest) -> CustomerClassList:
    """The classes of customers. What a class would set is said of each customer here, so there is one."""
    offset, limit = span(caller, asked)
    return CustomerClassList([ONLY][offset : offset + limit], 1 if asked.get_total else msgspec.UNSET)
