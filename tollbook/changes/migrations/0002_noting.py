"""The triggers that note what changed. One trigger a statement, whatever the number of its rows."""

from django.db import migrations

NOTE = """
CREATE FUNCTION changes_note(about text, ids bigint[], deed text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO changes_change (subject, subject_id, what, at, transaction)
    SELECT about, one.id, deed, now(), pg_current_xact_id()::text::bigint
    FROM (SELECT DISTINCT id FROM unnest(ids) AS id WHERE id IS NOT NULL ORDER BY id) AS one
    WHERE EXISTS (SELECT FROM changes_listener WHERE subject = about)
    ON CONFLICT (transaction, subject, subject_id) WHERE spread_at IS NULL DO UPDATE SET what = 'deleted'
    WHERE excluded.what = 'deleted';
$$;
"""

# Whoever hears nothing of these subjects pays for a look into a table of a few rows, and for nothing else.
TRIGGER = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changes_listener WHERE subject IN ({subjects})) THEN
        {body}
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {transition}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""

TRANSITIONS = {
    "INSERT": "NEW TABLE AS after",
    "UPDATE": "OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "OLD TABLE AS before",
}
ROWS = {
    "INSERT": "after",
    "UPDATE": "(SELECT after.* FROM after JOIN before USING (id) WHERE after IS DISTINCT FROM before"
    " UNION ALL SELECT before.* FROM after JOIN before USING (id) WHERE after IS DISTINCT FROM before)",
    "DELETE": "before",
}


def own(about: str, over: str, id: str = "id") -> dict[str, list[tuple[str, str, str]]]:
    """A table whose rows are the subject itself. It is deleted when it comes to its end, or its row goes."""
    ended = f"after.{over} AND NOT before.{over}" if over else "false"
    changed = f"after IS DISTINCT FROM before AND NOT ({ended})"
    joined = "FROM after JOIN before USING (id) WHERE"
    return {
        "INSERT": [(about, f"SELECT {id} FROM after", "created")],
        "UPDATE": [
            (about, f"SELECT after.{id} {joined} {changed}", "updated"),
            (about, f"SELECT after.{id} {joined} {ended}", "deleted"),
        ],
        "DELETE": [(about, f"SELECT {id} FROM before", "deleted")],
    }


def part(*of: tuple[str, str]) -> dict[str, list[tuple[str, str, str]]]:
    """A table whose rows are part of other subjects: (subject, query of ids with {rows})."""
    return {
        event: [(about, query.format(rows=rows), "updated") for about, query in of] for event, rows in ROWS.items()
    }


IN_STOCK = (
    "SELECT stock.digits FROM {rows} AS part JOIN customers_stocknumber AS stock ON stock.digits = part.digits"
)
GRANTED = (
    "SELECT stock.digits FROM {rows} AS part JOIN customers_stocknumber AS stock ON stock.id = part.number_id"
)
OF_ACCOUNT = ("account", "SELECT account_id FROM {rows} AS part")
OF_CUSTOMER = ("customer", "SELECT customer_id FROM {rows} AS part")
OF_CUSTOMER_ALONE = ("customer", "SELECT customer_id FROM {rows} AS part WHERE account_id IS NULL")
# Funds used up, and back: the alarm is raised in any case, and cleared.
FUNDS = (
    "SELECT payer.id FROM {rows} AS part JOIN customers_customer AS payer ON payer.code = part.subject"
    " WHERE part.kind = 'funds_used_up'"
)
FUNDS_BACK = (
    "SELECT payer.id FROM after JOIN before USING (id) JOIN customers_customer AS payer ON payer.code = after.subject"
    " WHERE after.kind = 'funds_used_up' AND after.cleared_at IS DISTINCT FROM before.cleared_at"
)

WATCHED = {
    "customers_customer": own("customer", "state = 'closed'"),
    "customers_account": own("account", "state = 'terminated'"),
    "customers_accountproduct": part(OF_ACCOUNT),
    "customers_extension": part(OF_ACCOUNT),
    "customers_number": part(OF_ACCOUNT, ("number", IN_STOCK)),
    "customers_stocknumber": own("number", "", id="digits"),
    "customers_numbergrant": part(("number", GRANTED)),
    "customers_agreement": part(OF_CUSTOMER),
    "billing_moneyentry": {"INSERT": part(OF_CUSTOMER)["INSERT"]},
    "billing_invoice": {event: deeds for event, deeds in own("invoice", "").items() if event != "DELETE"},
    "credit_hold": part(OF_ACCOUNT, OF_CUSTOMER_ALONE),
    "alarms_alarm": {
        "INSERT": [("customer", FUNDS.format(rows="after"), "updated")],
        "UPDATE": [("customer", FUNDS_BACK, "updated")],
    },
}


def triggers() -> list[str]:
    """The function and the trigger of each table and event."""
    made = []
    for table, events in WATCHED.items():
        for event, deeds in events.items():
            body = "\n        ".join(
                f"PERFORM changes_note('{about}', ARRAY({query}), '{deed}');" for about, query, deed in deeds
            )
            subjects = ", ".join(sorted({f"'{about}'" for about, _, _ in deeds}))
            made.append(
                TRIGGER.format(
                    name=f"changes_{table}_{event.lower()}",
                    subjects=subjects,
                    body=body,
                    event=event,
                    table=table,
                    transition=TRANSITIONS[event],
                )
            )
    return made


def dropped() -> list[str]:
    """What takes all of it away."""
    names = [(f"changes_{table}_{event.lower()}", table) for table, events in WATCHED.items() for event in events]
    gone = [f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();" for name, table in names]
    return [*gone, "DROP FUNCTION changes_note(text, bigint[], text);"]


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0001_initial"),
        ("customers", "0008_former_codes"),
        ("billing", "0004_fees_on_invoices"),
        ("credit", "0001_orders"),
        ("alarms", "0002_subscriptions"),
    ]
    operations = [migrations.RunSQL(NOTE + "".join(triggers()), "".join(dropped()))]
