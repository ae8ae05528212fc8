"""The form of a mass send, the form for its time, and the filters of the list."""

import datetime
import re
from collections.abc import Sequence
from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.followers.importing import is_openid_name
from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from accounts.staff.pages import AccountForm
from wechat.articles.models import Draft
from wechat.campaigns.models import MassSend
from wechat.console.big_tables import FilterForm
from wechat.console.days import moment_field
from wechat.console.tables import headings
from wechat.console.tables.headings import Heading
from wechat.console.tables.limits import UnreadableTable
from wechat.contents.form import ContentForm
from wechat.contents.models import Kind
from wechat.contents.variables import Variable
from wechat.materials.models import Asset
from wechat.materials.widgets import FilesPicker
from wechat.sdk.openids import is_openid_of_wechat

State, Target = MassSend.State, MassSend.Target

ARTICLES = "mpnews"
KINDS = [
    (ARTICLES, gettext_lazy("Article (图文)")),
    *((kind.value, kind.label) for kind in (Kind.TEXT, Kind.IMAGE, Kind.VOICE, Kind.VIDEO)),
]
MOST_PICTURES = 20
MOST_OPENIDS = 100_000
# A telephone number is none.
OPENID = re.compile(r"^(?![0-9]+$)[A-Za-z0-9_-]{10,64}$")


class MassSendForm(ContentForm, AccountForm):
    more = forms.ModelMultipleChoiceField(
        Asset.objects.none(),
        label=gettext_lazy("further pictures"),
        required=False,
        help_text=gettext_lazy("They are swiped through after the first one; at most 20 in all."),
        widget=FilesPicker(attrs={"size": "6", "class": "mass-pictures"}),
    )
    openid_file = forms.FileField(
        label=gettext_lazy("file with OpenIDs"),
        required=False,
        help_text=gettext_lazy(
            "Text, CSV or Excel with one OpenID a line, in the first column or in one called OpenID; at most "
            "100,000."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    class Meta:
        model = MassSend
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "draft" not in self.fields:  # The page is read-only.
            return
        account = OfficialAccount.objects.filter(pk=self.account_id or 0).first()
        self._only_what_may_be_mass_sent(account)
        self._offer_what_belongs(account)
        for chooser, value, names in (
            ("kind", ARTICLES, ("draft", "ignore_reprint")),
            ("kind", "image", ("more", "recommend")),
            ("target", Target.TAG, ("tag",)),
            ("target", Target.SEGMENT, ("segment",)),
            ("target", Target.LIST, ("openid_file",)),
        ):
            for name in names:
                self.fields[name].widget.attrs |= {"data-shown-by": chooser, "data-shown-for": str(value)}

    def variables(self) -> dict[str, Variable]:
        """Returns no variables: a mass send says the same to everybody."""
        return {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._take_target(cleaned)
        return cleaned

    def _take(self, cleaned: dict[str, Any]) -> None:
        self.instance.pictures = []
        if cleaned["kind"] != ARTICLES:
            cleaned["draft"] = None
            super()._take(cleaned)
            self._take_pictures(cleaned)
            return
        self.instance.content, self.instance.asset, self.instance.cover = {"type": ARTICLES}, None, None
        if not cleaned.get("draft"):
            self.add_error("draft", _("Choose the article to send."))

    def _take_pictures(self, cleaned: dict[str, Any]) -> None:
        if cleaned["kind"] != "image" or not cleaned.get("more"):
            return
        first = self.instance.asset_id
        self.instance.pictures = [asset.pk for asset in cleaned["more"] if asset.pk != first]
        if len(self.instance.pictures) >= MOST_PICTURES:
            self.add_error("more", _("At most 20 pictures go out at once: choose fewer."))

    def _take_target(self, cleaned: dict[str, Any]) -> None:
        target = cleaned.get("target")
        for name in ("tag", "segment"):
            if target != name:
                cleaned[name] = None
            elif not cleaned.get(name):
                self.add_error(name, _("Choose to whom it goes."))
        if target != Target.LIST:
            self.instance.openids = []
        elif cleaned.get("openid_file"):
            try:
                self.instance.openids = _openids(cleaned["openid_file"])
            except ValidationError as error:
                self.add_error("openid_file", error)
        elif not self.instance.openids:
            self.add_error("openid_file", _("Choose the file with the OpenIDs."))

    def _only_what_may_be_mass_sent(self, account: OfficialAccount | None) -> None:
        kind: Any = self.fields["kind"]
        kind.choices = KINDS
        self.fields["text"].help_text = _("The same words for everybody.")
        if account is not None and account.kind == OfficialAccount.Kind.SUBSCRIPTION:
            # The platform takes openids from verified 服务号 only.
            target: Any = self.fields["target"]
            target.choices = [each for each in Target.choices if each[0] in (Target.ALL, Target.TAG)]
            target.help_text = _("An account of this kind can send to everybody or to a tag only.")

    def _offer_what_belongs(self, account: OfficialAccount | None) -> None:
        more: Any = self.fields["more"]
        more.queryset = Asset.objects.filter(account=account, kind=Asset.Kind.IMAGE)
        more.initial = self.instance.pictures
        more.widget.for_account(self.account_id, "image")
        draft: Any = self.fields["draft"]
        draft.queryset = Draft.objects.filter(account=account, state=Draft.State.SAVED).prefetch_related(
            "articles"
        )
        draft.empty_label = _("Choose an article")
        draft.help_text = _("Those in WeChat's drafts. It leaves the drafts when it is sent.")
        tag: Any = self.fields["tag"]
        tag.queryset = Tag.objects.filter(account=account, platform_id__isnull=False)
        if self.instance.openids:
            self.fields["openid_file"].help_text = _(
                "%(count)d OpenIDs are chosen. Another file takes their place."
            ) % {"count": len(self.instance.openids)}


class SendForm(forms.Form):
    """A form for the time at which a mass send begins."""

    at = moment_field(gettext_lazy("When"), help_text=gettext_lazy("Empty: at once."))

    def clean_at(self) -> datetime.datetime | None:
        at: datetime.datetime | None = self.cleaned_data["at"]
        if at is not None and at < timezone.now() - datetime.timedelta(minutes=1):
            raise ValidationError(_("This time is over; choose a later one, or none for at once."))
        return at


class MassSendFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("name"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        label=gettext_lazy("state"), required=False, choices=[("", gettext_lazy("All")), *State.choices]
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        name, state = self.cleaned_data["q"], self.cleaned_data["state"]
        rows = rows.filter(name__icontains=name) if name else rows
        return rows.filter(state=state) if state else rows


def _openids(file: IO[bytes]) -> list[str]:
    """Returns the distinct OpenIDs of a table, from its column called OpenID.

    Without such a column they are in the first one, or side by side. Raises ``ValidationError`` for a file
    that is unreadable, empty or too long, and for an invalid OpenID.
    """
    found: dict[str, None] = {}
    try:
        heading, rows = headings.split(file, is_openid_name, needs_key=False)
        for number, row in rows:
            found |= dict.fromkeys(_openids_in(number, row, heading))
            if len(found) > MOST_OPENIDS:
                raise ValidationError(_("The file has more than 100,000 OpenIDs; divide it."))
    except UnreadableTable as error:
        raise ValidationError(str(error)) from None
    if not found:
        raise ValidationError(
            _(
                "There is no OpenID in the file. "
                "Of a workbook, the sheet is read that was open when it was saved."
            )
        )
    return list(found)


def _openids_in(number: int, row: Sequence[str], heading: Heading) -> list[str]:
    """Returns the OpenIDs of a row, at most one if a column is called so. Raises ``ValidationError``."""
    cells = [cell.strip() for cell in row]
    column = heading.first(is_openid_name)
    if column is not None and (too_many := headings.surplus(heading.names, cells)):
        raise ValidationError(_("Row %(row)d: %(problem)s") % {"row": number, "problem": too_many})
    first = next(iter(cells[column or 0 :]), "")
    if first and not OPENID.match(first):
        sentence = _("Line %(number)d is no OpenID: %(line)s")
        raise ValidationError(sentence % {"number": number, "line": ",".join(row)[:40]})
    beside = filter(is_openid_of_wechat, cells) if column is None else ()
    return [*filter(None, [first]), *beside]
