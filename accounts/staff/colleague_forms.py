"""The forms in which an owner invites colleagues and sets their rights."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from accounts.official.models import OfficialAccount
from accounts.staff import colleagues, personal_data
from accounts.staff.models import SecondFactorRule, Withheld
from accounts.staff.rights import Role
from wechat.console.edit_conflicts import EditForm


class InviteForm(forms.Form):
    """The form that invites a colleague: person, accounts, and role."""

    name = forms.CharField(
        label=gettext_lazy("Name of the person"),
        max_length=150,
        help_text=gettext_lazy("As colleagues know them."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    username = forms.CharField(
        label=gettext_lazy("Sign-in name"),
        max_length=150,
        validators=[
            UnicodeUsernameValidator(
                message=gettext_lazy("Use letters, digits and the signs @ . + - _ without blanks.")
            )
        ],
        help_text=gettext_lazy("They sign in with it, for example li.lei."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("The link to the first password goes there, where the server can send mail."),
        widget=UnfoldAdminEmailInputWidget(),
    )
    accounts = forms.MultipleChoiceField(
        label=gettext_lazy("Official accounts"),
        widget=forms.CheckboxSelectMultiple(),
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Role.choices, widget=forms.RadioSelect(), initial=Role.EDITOR
    )

    def __init__(self, accounts: Mapping[int, OfficialAccount], shown: int, data: Any = None) -> None:
        super().__init__(data, initial={"accounts": [str(shown)], "role": Role.EDITOR})
        self._accounts = accounts
        chosen: Any = self.fields["accounts"]
        chosen.choices = [(str(pk), account.name) for pk, account in accounts.items()]

    def clean_username(self) -> str:
        name: str = User.normalize_username(self.cleaned_data["username"].strip())
        if (known := User.objects.filter(username__iexact=name).first()) is None:
            return name
        if known.is_active:
            raise ValidationError(_("Somebody signs in with this name already. Choose another one."))
        raise ValidationError(
            _(
                "Somebody without access has this name. Whoever runs the installation can give it back; for "
                "another person, choose another name."
            )
        )

    def chosen_accounts(self) -> list[OfficialAccount]:
        return [self._accounts[int(pk)] for pk in self.cleaned_data["accounts"]]


class RolesForm(EditForm, forms.Form):
    """The form for a colleague's roles in each account that the reader may change."""

    def __init__(self, user: User, accounts: Mapping[int, OfficialAccount], data: Any = None) -> None:
        super().__init__(data)
        self.user = user
        self.accounts = accounts
        for pk, account in accounts.items():
            self.fields[f"account-{pk}"] = forms.MultipleChoiceField(
                label=account.name,
                choices=Role.choices,
                required=False,
                initial=colleagues.roles_in(user, pk),
                widget=forms.CheckboxSelectMultiple(),
            )

    def edited_row(self) -> User:
        return self.user

    def changed(self) -> list[tuple[OfficialAccount, list[str], list[str]]]:
        """Returns each account with changed roles, with the roles before and after."""
        found = []
        for pk, account in self.accounts.items():
            before, after = self.fields[f"account-{pk}"].initial or [], self.cleaned_data[f"account-{pk}"]
            if set(before) != set(after):
                found.append((account, list(before), list(after)))
        return found


class SecondStepForm(EditForm, forms.Form):
    """The form for the roles that need a second step in an account."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles with a second step"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(),
    )

    def __init__(self, account: OfficialAccount, data: Any = None) -> None:
        self.account = account
        rules = SecondFactorRule.objects.filter(account=account).order_by("role")
        self.before = list(rules.values_list("role", flat=True))
        super().__init__(data, initial={"roles": self.before})

    def save(self) -> tuple[list[str], list[str]]:
        """Saves the roles; returns the roles before and after."""
        after = sorted(self.cleaned_data["roles"])
        SecondFactorRule.objects.filter(account=self.account).exclude(role__in=after).delete()
        SecondFactorRule.objects.bulk_create(
            [SecondFactorRule(account=self.account, role=role) for role in after], ignore_conflicts=True
        )
        return self.before, after


class PersonalDataForm(EditForm, forms.Form):
    """The form for what each role may do with personal data in an account; only ticked rights are allowed."""

    def __init__(self, account: OfficialAccount, data: Any = None) -> None:
        super().__init__(data)
        self.account = account
        self.before = personal_data.withheld_in(account)
        for role in Role:
            allowed = [what.value for what in Withheld.What if (role.value, what.value) not in self.before]
            self.fields[role.value] = forms.MultipleChoiceField(
                label=role.label,
                choices=Withheld.What.choices,
                required=False,
                initial=allowed,
                widget=forms.CheckboxSelectMultiple(),
            )

    def save(self) -> set[tuple[str, str]]:
        """Saves and returns the withheld rights, as pairs of role and right."""
        wanted = {
            (role.value, what.value)
            for role in Role
            for what in Withheld.What
            if what.value not in self.cleaned_data[role.value]
        }
        personal_data.withhold(self.account, wanted)
        return wanted
