"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.campaigns import running
from wechat.campaigns.mass import planning, sending
from wechat.campaigns.sequences import looking
from wechat.campaigns.sequences import running as sequences

__all__ = ["looking", "planning", "running", "sending", "sequences"]
