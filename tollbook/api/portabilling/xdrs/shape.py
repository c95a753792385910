"""An xDR as it is answered."""

import msgspec

from tollbook.api.portabilling.fields import Bit, Id, Money, TimeText


class Xdr(msgspec.Struct, kw_only=True):
    """Something that was charged, or free: a call, a message, a fee, a payment. Amounts are before tax."""

    i_xdr: Id
    account_id: str  # empty: the customer was charged directly
    i_account: Id | None
    i_customer: Id
    CLI: str
    CLD: str
    connect_time: TimeText | None
    disconnect_time: TimeText | None
    bill_time: TimeText
    unix_connect_time: int | None
    unix_disconnect_time: int | None
    charged_quantity: int
    used_quantity: int
    charged_amount: Money  # negative: the customer owes less
    i_service: Id
    service: str
    country: str
    subdivision: str
    description: str
    disconnect_cause: int
    disconnect_reason: str
    failed: Bit
    bill_status: str
    bit_flags: int
    call_id: str
    h323_conf_id: str
    xdr_type: str
    i_dest: Id | None
    i_dest_group: Id | None
    i_tariff: Id | None
    i_rate: Id | None
    setup_time: int | None
    voice_quality: int | None
    i_env: Id
