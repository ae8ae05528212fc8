"""The form of a tag, which checks the platform's limits in advance.

Reference: WeChat reference 6.5.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.followers import tagging
from accounts.followers.models import Tag
from accounts.staff.pages import AccountForm
from wechat.sdk.calls.tags import MOST_TAGS


class TagForm(AccountForm):
    class Meta:
        model = Tag
        fields = ("account", "name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        account = cleaned.get("account") or getattr(self.instance, "account", None)
        if self.instance.pk is None and account is not None and tagging.has_all_tags(account.pk):
            raise ValidationError(
                _("The account has %(most)d tags already, the most WeChat allows; delete one first."),
                params={"most": MOST_TAGS},
            )
        return cleaned
