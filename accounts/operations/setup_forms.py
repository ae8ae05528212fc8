"""The forms of the guided set-up of an account."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.app_ids import check_change
from accounts.official.models import AES_KEY_FORM, KEY_NEEDED, TOKEN_FORM, OfficialAccount
from accounts.staff.account_form import APPSECRET_FORM, secret_field, secret_state
from wechat.console import edit_conflicts
from wechat.console.edit_conflicts import EditForm

Kind, Mode = OfficialAccount.Kind, OfficialAccount.ModeChoice
SLUG_FORM = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
APPID_FORM = re.compile(r"wx[0-9a-f]{16}")


class NameForm(forms.Form):
    """The form for the kind of account, its name and its short name."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of account"),
        choices=Kind.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("It is told on the platform's page under 公众号设置 → 注册信息."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("As followers see it.")
    )
    slug = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=40,
        help_text=gettext_lazy("Part of the callback address, such as my-shop. It stays as it is later."),
    )

    def clean_slug(self) -> str:
        """Refuses an invalid short name in plain words: Django's own messages speak of a slug."""
        slug = str(self.cleaned_data["slug"]).strip()
        if not SLUG_FORM.fullmatch(slug):
            raise ValidationError(
                _(
                    "“%(slug)s” cannot be part of an address. Take small letters a-z, digits and hyphens, "
                    "such as my-shop."
                )
                % {"slug": slug}
            )
        if other := OfficialAccount.objects.filter(slug=slug).first():
            raise ValidationError(
                _("“%(name)s” has this short name already. Take another one.") % {"name": other.name}
            )
        return slug


class KeysForm(EditForm, forms.Form):
    """The form for the account's keys at the platform; an empty secret leaves the stored one as it is."""

    appid = forms.CharField(label=gettext_lazy("AppID"), max_length=40)
    new_appsecret = secret_field(
        gettext_lazy("AppSecret"),
        APPSECRET_FORM,
        gettext_lazy("An AppSecret has 32 small letters a-f or digits. Copy all of it."),
    )
    original_id = forms.CharField(
        label=gettext_lazy("Original ID"),
        max_length=32,
        required=False,
        help_text=gettext_lazy("gh_ and 12 characters, from 公众号设置. It can wait."),
        validators=[RegexValidator(r"^gh_[0-9a-zA-Z]+$", gettext_lazy("An original ID begins with gh_."))],
    )

    def __init__(self, *args: Any, account: OfficialAccount | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["new_appsecret"].required = account is None or not account.readable_secret("appsecret")
        if account is not None:
            edit_conflicts.compare_stored(self.fields["new_appsecret"], vars(account).get("appsecret"))
            self.fields["new_appsecret"].help_text = secret_state(account, "appsecret")

    def edited_row(self) -> OfficialAccount | None:
        return self.account

    def clean_appid(self) -> str:
        """Refuses an invalid AppID, with the length of what was pasted."""
        appid = str(self.cleaned_data["appid"]).strip()
        if not APPID_FORM.fullmatch(appid):
            raise ValidationError(
                _(
                    "This is no AppID: it is wx and 16 more of 0-9 and a-f, 18 characters in all; "
                    "what was typed has %(length)d."
                )
                % {"length": len(appid)}
            )
        others = OfficialAccount.objects.filter(appid=appid)
        other = (others.exclude(pk=self.account.pk) if self.account else others).first()
        if other is not None:
            raise ValidationError(_("“%(name)s” has this AppID already.") % {"name": other.name})
        if self.account is not None:
            check_change(self.account, appid)
        return appid


class ServerForm(EditForm, forms.Form):
    """The form for token, key and mode as set on the platform; empty secrets leave the stored ones."""

    mode = forms.ChoiceField(
        label=gettext_lazy("message mode"), choices=Mode.choices, widget=forms.RadioSelect
    )
    new_token = secret_field(
        gettext_lazy("Token"), TOKEN_FORM, gettext_lazy("The callback token has 3 to 32 letters and digits.")
    )
    new_aes_key = secret_field(
        gettext_lazy("EncodingAESKey"),
        AES_KEY_FORM,
        gettext_lazy("The EncodingAESKey has exactly 43 letters and digits."),
    )

    def __init__(self, account: OfficialAccount, data: Any = None) -> None:
        super().__init__(data, initial={"mode": account.mode})
        self.account = account
        for name in ("token", "aes_key"):
            edit_conflicts.compare_stored(self.fields[f"new_{name}"], vars(account).get(name))

    def edited_row(self) -> OfficialAccount:
        return self.account

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        key = cleaned.get("new_aes_key") or self.account.readable_secret("aes_key")
        if cleaned.get("mode") != Mode.PLAIN and not key and not self.errors:
            self.add_error("new_aes_key", KEY_NEEDED)
        return cleaned
