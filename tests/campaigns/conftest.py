from typing import Any

import pytest

from accounts.models import OfficialAccount, Tag
from tests.campaigns.mass_cast import TEXT, Writer
from tests.simulated import Simulated
from wechat.campaigns.models import MassSend


@pytest.fixture
def known(account: OfficialAccount, simulated: Simulated) -> Simulated:
    """The platform knows the account and reports at once, but to nobody."""
    simulated.know(account, callback_url="")
    simulated.sim("/settings", {"result_event_delay": 0})
    return simulated


@pytest.fixture
def tag(account: OfficialAccount, known: Simulated) -> Tag:
    """A tag that exists on both sides; the platform has nobody in it."""
    made = Tag.objects.create(account=account, name="会员", state="there", due_at=None)
    made.platform_id = 100
    made.save()
    state = known.look("/state")
    state["accounts"][account.appid]["tags"] = {"100": "会员"}
    known.put("/state", state)
    return made


@pytest.fixture
def written(account: OfficialAccount, known: Simulated) -> Writer:
    def write(**fields: Any) -> MassSend:
        usual = {"name": "周末会员日", "account": account, "content": TEXT, "target": "all"}
        return MassSend.objects.create(**{**usual, **fields})

    return write
