"""From the call that uses up the funds to the flag on the switch, and back when the limit is raised."""

from datetime import timedelta
from decimal import Decimal

from tests.connectors.freeswitch.event_socket import PASSWORD, Switch
from tests.jobs.office import Office
from tests.jobs.pushing import MONDAY, call, send, switch, take
from tollbook.connections.operations import set_connection
from tollbook.connectors.base import AccountMarks
from tollbook.connectors.secret import Secret
from tollbook.credit.models import OrderState, SuspensionOrder, WhenUsedUp
from tollbook.credit.operations import set_funds_policy
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations.describe_account import describe_account
from tollbook.jobs.carry_out_orders import carry_out_due
from tollbook.jobs.watch_funds import watch_raised


def test_who_has_used_up_their_funds_is_stopped_on_the_switch_and_freed_again(office: Office) -> None:
    """A minute to London costs Ann 1.476 cents with tax; she may owe one."""
    del office
    with Switch() as there:
        fs = switch(esl_host="127.0.0.1", esl_port=str(there.port), account_exists="-")
        set_connection(name="fs", secrets={"esl_password": Secret(PASSWORD)}, may_change=True)
        fs.refresh_from_db()
        account = Account.objects.get(code="ann-1")
        describe_account(
            account=account, connection=fs, marks=AccountMarks(accounts=("ann-1",)), by="a clerk", now=MONDAY
        )
        Customer.objects.filter(code="ann").update(credit_limit=Decimal("0.01"))
        set_funds_policy(customer=Customer.objects.get(code="ann"), when_used_up=WhenUsedUp.SUSPEND)

        send(fs, [call(1)])
        take(fs)
        carry_out_due(fs, now=MONDAY + timedelta(minutes=1))

        assert there.flags == {"tollbook-accounts/ann-1": "outbound_only"}  # emergency calls go on
        assert SuspensionOrder.objects.get(connection=fs).state == OrderState.DONE

        Customer.objects.filter(code="ann").update(credit_limit=10)
        watch_raised(now=MONDAY + timedelta(minutes=5))
        carry_out_due(fs, now=MONDAY + timedelta(minutes=6))
        assert there.flags == {}
