"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.campaigns import running
from wechat.campaigns.mass import planning, sending
from wechat.campaigns.sequences import polling
from wechat.campaigns.sequences import running as sequences

__all__ = ["planning", "polling", "running", "sending", "sequences"]
