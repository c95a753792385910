"""Extensions made and changed at Vodia."""

from dataclasses import replace

import pytest

from simulators.faults import Fault, Kind
from simulators.vodia import Simulator
from tests.connectors.making_accounts import changed, made, other_numbers
from tests.connectors.vodia.sites import LIGHTS, connector_at
from tollbook.connectors.errors import ForAPerson, TryAgainLater
from tollbook.connectors.secret import Secret
from tollbook.connectors.wanted import WantedAccount

LINE = WantedAccount(
    customer_id=LIGHTS,
    code="hl-465",
    name="Reception",
    extension="465",
    email="reception@example.com",
    numbers=("12094555948",),
    secret=Secret("S3rviceSecret"),
)


def test_an_extension_is_made_and_each_fact_is_changed(vodia: Simulator) -> None:
    with_pbx = connector_at(vodia)
    id = made(with_pbx, LINE)
    assert id == f"465@{LIGHTS}"
    changed(with_pbx, replace(LINE, name="Desk"), id, {"name"})
    changed(with_pbx, replace(LINE, name="Desk", email="desk@example.com"), id, {"email"})
    line = replace(LINE, name="Desk", email="desk@example.com", secret=Secret("An0therSecret"))
    changed(with_pbx, line, id, {"secret"})
    changed(with_pbx, other_numbers(line, "12094555949"), id, {"numbers"})
    account = vodia.switch.tenant(LIGHTS).account("465")
    assert account is not None
    assert account.dids == ["+12094555949"]


@pytest.mark.parametrize("match", ["addacc", "user_settings/465"])
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "truncate"])
def test_a_lost_answer_makes_no_second_one(vodia: Simulator, match: str, kind: Kind) -> None:
    vodia.faults.add(Fault(kind, match=match, times=2))
    pbx = connector_at(vodia)
    for _ in range(3):
        try:
            there = pbx.account_there(LINE)
            pbx.bring_account(LINE, there)
        except TryAgainLater:
            continue
    there = pbx.account_there(LINE)
    assert there is not None
    assert there.differs == {}
    assert [one.number for one in vodia.switch.tenant(LIGHTS).accounts].count("465") == 1


def test_what_only_a_person_can_do(vodia: Simulator) -> None:
    pbx = connector_at(vodia)
    with pytest.raises(ForAPerson, match="has no extension"):
        pbx.bring_account(replace(LINE, extension=""), None)
    id = made(pbx, LINE)
    for line in (replace(LINE, extension="466"), replace(LINE, is_ended=True)):
        with pytest.raises(ForAPerson, match="do it on the PBX"):
            pbx.bring_account(line, pbx.account_there(line, id))
