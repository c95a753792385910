"""What to do about a record that is set aside, by its reason. Said wherever the reason is shown."""

NEXT_STEP = {
    "bad_time": "mend the connection's layout or zone, then `tollbook usage reprocess RUN`",
    "bad_quantity": "mend the connection's layout, then `tollbook usage reprocess RUN`",
    "unknown_kind": "say in the layout or the connection's settings what it is, then `tollbook usage reprocess RUN`",
    "unreadable": "mend the connection's layout, then `tollbook usage reprocess RUN`",
    "no_account": "import the account that has the number, or sync the platform, then retry",
    "ambiguous_account": "end the number on all accounts but one, then retry",
    "account_closed": "correct the account's dates, or accept that nobody pays, then retry",
    "bad_number": "mend the connection's number rules, then retry",
    "no_tariff": "name a tariff for this kind in the product, then retry",
    "no_platform_price": "price it by a price list: name another tariff for this kind in the product, then retry",
    "unpaired_customer": "pair the platform's customer (`tollbook pairing list`), then retry",
    "other_customer": "look whose account it is, correct the pairing or the account's numbers, then retry",
    "no_rate": "import a price list that covers the number, then retry",
    "forbidden_destination": "find out why it was possible; allow it in a new price list to charge it",
    "currency_mismatch": "give the customer a tariff in their currency, then retry",
    "correction_undone": "retry charges it as it was before the correction",
}
