"""The sentences about a mass send: its problems, its result, the findings of the originality check."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.official.error_sentences import in_words, sentence
from wechat.campaigns.models import MassCall, MassSend

MARKS: Mapping[str, StrOrPromise] = {
    "draft": gettext_lazy(
        "The article is not in WeChat's drafts as it stands here: open it and save it to WeChat's drafts."
    ),
    "changed": gettext_lazy(
        "The article was changed after the mass send was planned, so it was not sent: make a new one."
    ),
    "file": gettext_lazy("A file is still on its way to WeChat; it is sent once that is there."),
    "tag": gettext_lazy("The tag does not exist on WeChat."),
    "segment": gettext_lazy("A condition of the segment asks for something that was deleted."),
    "segment_changed": gettext_lazy(
        "The segment was changed after the mass send was planned, so it was not sent: make a new one."
    ),
    "too_few": gettext_lazy("WeChat needs at least two followers who may get it."),
    "articles_once": gettext_lazy(
        "An article goes out in one call, which takes 10,000 followers: choose a tag or everybody instead."
    ),
}
REVIEWS: Mapping[int, StrOrPromise] = {
    10001: gettext_lazy("WeChat's review refused it as an advertisement."),
    20001: gettext_lazy("WeChat's review refused it as politics."),
    20002: gettext_lazy("WeChat's review refused it as pornography."),
    20004: gettext_lazy("WeChat's review refused it for social reasons."),
    20006: gettext_lazy("WeChat's review refused it as criminal."),
    20008: gettext_lazy("WeChat's review refused it as fraud."),
    20013: gettext_lazy("WeChat's review refused it for copyright."),
    21000: gettext_lazy("WeChat's review refused it."),
    22000: gettext_lazy("WeChat's review refused it as mutual promotion."),
    30001: gettext_lazy("The originality check failed, and you chose not to send then."),
    30002: gettext_lazy("The originality check says that it may not be sent."),
    30003: gettext_lazy("It was judged a reprint, and you chose not to send reprints."),
    40001: gettext_lazy("An administrator of the account refused it."),
    40002: gettext_lazy("No administrator of the account answered within 30 minutes."),
}
CODES: Mapping[int, StrOrPromise] = {
    45028: gettext_lazy("No mass send is left in this period."),
    45062: gettext_lazy("The account has an advertising agreement: send it on WeChat's own page."),
    45065: gettext_lazy("WeChat has it already, under a number it does not tell: look at WeChat's own page."),
    48022: gettext_lazy("WeChat does not take this video through the API: send it on WeChat's own page."),
    89504: gettext_lazy("An administrator of the account has to agree on the phone, within 30 minutes."),
    89505: gettext_lazy("An administrator of the account has to agree on the phone, within 30 minutes."),
}
AUDITS: Mapping[int, StrOrPromise] = {
    0: gettext_lazy("not checked"),
    1: gettext_lazy("being checked"),
    2: gettext_lazy("a reprint"),
    11: gettext_lazy("original"),
}


def of_send(send: MassSend) -> str:
    """Returns why the mass send did not begin, or the empty text."""
    return str(MARKS.get(send.error, send.error))


def of_error(errcode: int | None, text: str) -> str:
    """Returns an error in words, or the empty text; ``text`` may be a key of ``MARKS``."""
    if errcode is None and text in MARKS:
        return str(MARKS[text])
    return sentence(errcode, text) if text or errcode is not None else ""


def of_call(call: MassCall) -> str:
    """Returns the problem of a call in words, or the empty text."""
    review = re.fullmatch(r"err\((\d+)\)", call.status)
    if review:
        return str(REVIEWS.get(int(review[1]), call.status))
    if call.state == MassCall.State.UNCERTAIN:
        return _("Whether it was sent is not known: look at WeChat's own page before you send it again.")
    if call.state == MassCall.State.ACCEPTED:
        return ""
    if call.errcode is not None:
        return str(CODES.get(call.errcode) or in_words(call.errcode))
    if call.state == MassCall.State.FAILED:
        return of_error(None, call.error)
    if call.state == MassCall.State.SENDING and call.error:
        return _("The answer was lost; WeChat is asked again in a minute, and sends it once only.")
    return ""


def of_checks(call: MassCall) -> list[str]:
    """Returns the findings of the originality check, a sentence for each article."""
    return [_of_check(check) for check in call.checks]


def _of_check(check: Mapping[str, Any]) -> str:
    found = AUDITS.get(check["audit"], str(check["audit"]))
    words = _("Article %(number)d: %(found)s") % {"number": check["idx"], "found": found}
    return f"{words} {check['original_url']}" if check.get("original_url") else words
