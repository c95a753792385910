"""A courier that is killed loses nothing; two of them send nothing out of order."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.conf import LazySettings

from tests.changes.receiver import receiver
from tests.jobs.fee_office import add_customer
from tollbook.changes.models import Auth, Delivery, DeliveryState
from tollbook.changes.operations import add_webhook
from tollbook.connectors.secret import Secret
from tollbook.jobs.send_events import Courier

COURIER = """
import django
django.setup()
from tollbook.jobs.send_events import Courier
courier = Courier()
while True:
    courier.work()
"""


def test_killed_again_and_again_nothing_is_lost(
    fresh_database: dict[str, str], tmp_path: Path, settings: LazySettings
) -> None:
    settings.TOLLBOOK_HOME = tmp_path  # where the key of secrets is made
    environment = os.environ | fresh_database | {"TOLLBOOK_HOME": str(tmp_path)}
    with receiver() as there:
        add_webhook(url=there.url, patterns=["Customer/*"], auth=Auth.CUSTOM, secret=Secret("abc"))
        there.slow_s = 0.05
        customers = [add_customer(f"c{number}").pk for number in range(40)]
        for kill in range(5):
            couriers = [
                subprocess.Popen([sys.executable, "-c", COURIER], env=environment, cwd=Path(__file__).parents[2])
                for _ in range(2)
            ]
            heard, end = len(there.events), time.monotonic() + 20
            while len(there.events) < min(heard + 4 + kill, 40) and time.monotonic() < end:
                time.sleep(0.01)
            for one in couriers:
                one.send_signal(signal.SIGKILL)
                one.wait()
        courier, end = Courier(), time.monotonic() + 20
        while Delivery.objects.filter(state=DeliveryState.WAITING).exists() and time.monotonic() < end:
            courier.work()
        courier.close(within_s=5)

        assert {event["variables"]["i_customer"] for event in there.events} == set(customers)
        assert len(there.events) > 40  # what was posted and not noted came again
        assert Delivery.objects.filter(state=DeliveryState.DONE).count() == 40
        assert json.loads(Delivery.objects.earliest("pk").body)["event_type"] == "Customer/Created"
