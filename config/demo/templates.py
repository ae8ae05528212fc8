"""Message templates of the demo, added as staff add them: by their numbers in the simulated library."""

from accounts.official.models import OfficialAccount
from wechat.pushes import library
from wechat.pushes.models import LibraryJob, Template

CHOSEN = {
    "47123": ("预约时间", "门店名称", "预约项目"),
    "47124": ("商品名称", "付款金额", "付款时间"),
}


def set_up(account: OfficialAccount) -> None:
    """Queues the adding of the demo's templates, once: deleted ones stay deleted."""
    if any(model.objects.filter(account=account).exists() for model in (Template, LibraryJob)):
        return
    for number, keywords in CHOSEN.items():
        library.add_template(account, number, keywords)
