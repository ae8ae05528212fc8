"""The form of an official account; stored secrets are never shown."""

import re
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts.official.app_ids import check_change
from accounts.official.models import AES_KEY_FORM, SECRETS, TOKEN_FORM, OfficialAccount
from wechat.console import edit_conflicts
from wechat.console.phrases import joined
from wechat.console.read_only import read_as

APPSECRET_FORM = re.compile(r"[0-9a-fA-F]{32}")


def secret_field(label: StrOrPromise, form: re.Pattern[str], message: StrOrPromise) -> forms.CharField:
    # Keeps a password manager from filling in a password saved for another page.
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"})
    validator = RegexValidator(rf"\A(?:{form.pattern})\Z", message)
    return forms.CharField(label=label, required=False, widget=widget, validators=[validator])


class OfficialAccountForm(forms.ModelForm[OfficialAccount]):
    """The form of an account; an empty secret keeps the stored one, which is never sent to the page."""

    new_appsecret = secret_field(
        gettext_lazy("AppSecret"),
        APPSECRET_FORM,
        gettext_lazy("An AppSecret has 32 small letters a-f or digits."),
    )
    new_token = secret_field(
        gettext_lazy("callback token"),
        TOKEN_FORM,
        gettext_lazy("The callback token has 3 to 32 letters and digits."),
    )
    new_aes_key = secret_field(
        gettext_lazy("EncodingAESKey"),
        AES_KEY_FORM,
        gettext_lazy("The EncodingAESKey has exactly 43 letters and digits."),
    )

    class Meta:
        model = OfficialAccount
        fields = ("name", "slug", "kind", "appid", "original_id", "mode", "token_kind", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SECRETS:
            show_secret_state(self.fields[f"new_{name}"], self.instance, name)

    def clean_appid(self) -> str:
        appid = str(self.cleaned_data["appid"])
        check_change(self.instance, appid)
        return appid

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if secret := cleaned.get("new_appsecret"):
            self.instance.appsecret = secret
        self.instance.change_callback_keys(
            token=cleaned.get("new_token", ""), aes_key=cleaned.get("new_aes_key", "")
        )
        return cleaned


def show_secret_state(field: forms.Field, row: Any, name: str) -> None:
    """Shows beside a field for a secret whether one is set, also to readers who may not replace it."""
    edit_conflicts.compare_stored(field, row.__dict__.get(name))
    state = secret_state(row, name)
    is_set = bool(row.__dict__.get(name))
    field.help_text = joined([state, _("Leave empty to keep it.")]) if is_set else state
    read_as(field, lambda: state)


def secret_state(row: Any, name: str) -> str:
    """Returns whether a secret is set, since when, and whether it can be decrypted; never its value."""
    if not row.__dict__.get(name):
        return _("Not set.")
    if row.is_undecryptable(name):
        return _("It cannot be opened with FIELD_ENCRYPTION_KEYS as they are.")
    day = parse_date(row.secrets_set_on.get(name, ""))
    return _("Set on %(day)s.") % {"day": date_format(day, "Y-m-d")} if day else _("Set.")
