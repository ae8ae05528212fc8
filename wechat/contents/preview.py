"""The preview of a text that is being written: filled in, checked and drawn like a sent message.

Variables are shown by their names or, for a chosen follower, with their values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from accounts.staff.gate import named_account_page
from accounts.staff.rights import Area
from wechat.contents import checks, variables
from wechat.contents.text_editor import named
from wechat.contents.variables import VARIABLES, Values, Variable
from wechat.inbox import bubbles
from wechat.kernel import placeholders
from wechat.sdk.content import TEXT_BYTES, Text
from wechat.sdk.content_limits import is_empty
from wechat.sdk.text_links import visible_text

# Noncharacters of Unicode, which cannot be typed and are in no text.
BEGIN, END = "\ufdd0", "\ufdd1"
CHIP = re.compile(f"{BEGIN}(.*?){END}")
IN_ADDRESS = re.compile(f"{quote(BEGIN)}(.*?){quote(END)}")
LONGEST_SHOWN = 10_000


@dataclass(frozen=True, slots=True)
class Filling:
    """The values for a preview: those of a person or the variables' names, and the longest possible."""

    values: Mapping[str, str]
    longest: Mapping[str, str]


@require_POST
@named_account_page(Area.FOLLOWERS, posts_change=False)
def show(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Returns the preview of a text for a follower of the account, with the variables its editor offers."""
    text, openid = text_of(request), request.POST.get("openid", "")[:64]
    known = openid if openid and Follower.objects.filter(account=account, openid=openid).exists() else ""
    offered = named(name for name in request.POST.get("offered", "").split() if name in VARIABLES)
    longest = _only(Values.longest(account.name).by_name(), offered)
    if not known:
        return answer(text, Filling(by_label(offered), longest))
    values = variables.of_follower(account, known, timezone.now(), variables.variables_in(text)).by_name()
    allowed = personal_data.may_see_persons(request.user, account.pk)
    values["remark"] = personal_data.shown(values["remark"], allowed=allowed)
    return answer(text, Filling(_only(values, offered), longest))


def text_of(request: HttpRequest) -> str:
    """Returns the posted text as it would be saved."""
    return request.POST.get("text", "")[:LONGEST_SHOWN].replace("\r\n", "\n")


def by_label(offered: Mapping[str, Variable]) -> dict[str, str]:
    """Returns the values that show each variable by its name for staff, marked to be drawn as a chip."""
    return {name: f"{BEGIN}{each.label}{END}" for name, each in offered.items()}


def answer(text: str, filling: Filling) -> JsonResponse:
    """Returns as JSON the HTML of the bubble, the length of the text, and errors and warnings about it."""
    longest = placeholders.fill(text, filling.longest)
    size = len(longest.encode(errors="replace"))
    return JsonResponse(
        {
            "html": _bubble(Text(placeholders.fill(text, filling.values))),
            "length": _("%(characters)d characters, %(bytes)d of %(most)d bytes")
            % {"characters": len(visible_text(longest)), "bytes": size, "most": TEXT_BYTES},
            "over": size > TEXT_BYTES,
            "notes": _notes(text, filling) if text.strip() else [],
        }
    )


def _only(values: Mapping[str, str], offered: Mapping[str, Variable]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name in offered}


def _bubble(content: Text) -> str:
    if is_empty(content):
        return ""
    html = render_to_string("inbox/bubble.html", {"bubble": bubbles.ours(content)})
    return CHIP.sub(r'<span class="text-chip">\1</span>', IN_ADDRESS.sub(r"\1", html))


def _notes(text: str, filling: Filling) -> list[str]:
    found = []
    try:
        checks.check_filled(Text(placeholders.fill(text, filling.longest)))
    except ValidationError as error:
        found += error.messages
    if sentence := checks.no_variables(text, filling.values):
        found.append(sentence)
    if text.strip() and is_empty(Text(placeholders.fill(text, filling.values))):
        found.append(_("Nothing is left for this person, and nothing is sent."))
    return found
