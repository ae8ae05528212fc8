"""The page that shows how long files and logs are kept, which settings of the server decide."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.kernel.retention import CLASSES


@account_page(Area.SETTINGS)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows how long each class of data is kept, which is the same in every account."""
    context = frame(request, _("How long data is kept"), classes=list(CLASSES))
    return TemplateResponse(request, "staff/retention.html", context)
