"""The form of one content: a few plain fields for each kind, without JSON or media ids.

A form for a model with a content subclasses ``ContentForm`` and names its model::

    class WelcomeForm(ContentForm):
        class Meta:
            model = Welcome
            fields = ("position",)

Its page loads the form's media and ``console/shown_fields.js``, which shows only the fields of the chosen
kind.
"""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.official.models import OfficialAccount
from accounts.staff.picking import LinkInput
from wechat.articles.models import Draft
from wechat.console import codes
from wechat.console.codes import Suggesting
from wechat.console.edit_conflicts import EditForm
from wechat.console.page_paths import PagePathField
from wechat.contents.checks import caution, check_content, check_variables
from wechat.contents.models import HasContent, Kind
from wechat.contents.text_editor import TextEditor, named, read_in_words
from wechat.contents.variables import USUAL, VARIABLES, Variable
from wechat.materials.models import Asset
from wechat.materials.widgets import FilePicker
from wechat.sdk.content import Content
from wechat.sdk.stored_content import from_dict

# The form fields of each kind, with the names of the content's own fields where there are such.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "image": ("image",),
    "news": ("title", "description", "url", "pic_url"),
    "voice": ("voice",),
    "video": ("video", "cover", "title", "description"),
    "music": ("title", "description", "music_url", "hq_music_url", "cover"),
    "msgmenu": ("text", "choices", "tail"),
    "miniprogrampage": ("title", "appid", "pagepath", "cover"),
    "mpnewsarticle": ("article_id",),
    "wxcard": ("card_id",),
    "transfer_customer_service": ("kf_account",),
}
FILES = ("image", "voice", "video")
# The fields that may have variables.
VARIABLE_FIELDS = ("text", "title", "description", "tail")
ARTICLES_SHOWN = 200
# Fields of a content with another name in the form; other errors are shown at the kind's first field.
FORM_FIELDS = {"thumb_media_id": "cover", "items": "choices", "id": "choices"}
# The placeholder for the media id of a file that is not yet uploaded to the platform.
PENDING_MEDIA_ID = "…"


def _text(label: StrOrPromise, help_text: StrOrPromise = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=False, help_text=help_text, widget=UnfoldAdminTextInputWidget
    )


def _lines(label: StrOrPromise, help_text: StrOrPromise = "", rows: int = 4) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": rows})
    return forms.CharField(label=label, required=False, strip=False, help_text=help_text, widget=widget)


def _file(label: StrOrPromise, help_text: StrOrPromise = "") -> forms.ModelChoiceField[Asset]:
    return forms.ModelChoiceField(
        Asset.objects.none(),
        label=label,
        required=False,
        help_text=help_text,
        widget=FilePicker,
    )


class ContentForm(EditForm, forms.ModelForm[Any]):
    """A form for one content. ``account_id`` is that of the files offered and of the name filled in."""

    kind = forms.ChoiceField(
        label=gettext_lazy("kind"),
        choices=Kind.choices,
        initial="text",
        widget=UnfoldAdminSelectWidget,
    )
    text = forms.CharField(
        label=gettext_lazy("text"),
        required=False,
        strip=False,
        help_text=gettext_lazy(
            "The buttons put in links, emoji and variables; a variable is filled in for each follower."
        ),
        widget=TextEditor(attrs={"rows": 5}),
    )
    image = _file(gettext_lazy("picture"))
    voice = _file(gettext_lazy("voice"))
    video = _file(gettext_lazy("video"))
    title = _text(gettext_lazy("title"))
    description = _text(gettext_lazy("description"))
    url = forms.CharField(
        label=gettext_lazy("link"),
        required=False,
        help_text=gettext_lazy("Where a tap leads: https://…"),
        widget=LinkInput,
    )
    pic_url = _text(gettext_lazy("picture address"), gettext_lazy("A JPG or PNG, good at 360×200 pixels."))
    music_url = _text(gettext_lazy("music address"))
    hq_music_url = _text(gettext_lazy("music address for Wi-Fi"))
    appid = forms.CharField(
        label=gettext_lazy("mini program's AppID"),
        required=False,
        help_text=gettext_lazy("It must be linked to the account."),
        widget=Suggesting,
    )
    pagepath = PagePathField(label=gettext_lazy("page path"), required=False)
    cover = _file(gettext_lazy("cover picture"))
    choices = _lines(gettext_lazy("choices"), gettext_lazy("One a line. A tap comes back as this text."))
    tail = _text(gettext_lazy("text below"))
    article_id = forms.ChoiceField(
        label=gettext_lazy("article"),
        required=False,
        help_text=gettext_lazy("Articles that are published."),
        widget=UnfoldAdminSelectWidget,
    )
    card_id = _text(gettext_lazy("card ID"))
    kf_account = _text(
        gettext_lazy("customer-service worker"), gettext_lazy("name@account; empty: whoever is free.")
    )

    def __init__(self, *args: Any, account_id: int | None = None, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance is not None and instance.content:
            kwargs["initial"] = {**_initial(instance), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.account_id = account_id
        editor = self.fields["text"].widget
        assert isinstance(editor, TextEditor)
        editor.variables = self.variables()
        editor.for_account(account_id)
        for name in VARIABLE_FIELDS:
            read_in_words(self, name)
        for name in (*FILES, "cover"):
            self._offer(name, account_id)
        self.fields["url"].widget.for_account(account_id)
        self.fields["appid"].widget.offered = codes.mini_programs.offered(account_id)
        cast(PagePathField, self.fields["pagepath"]).for_account(account_id)
        self._offer_articles(account_id)
        for name in self.fields:
            kinds = [kind for kind, names in FIELDS.items() if name in names]
            if kinds:
                self.fields[name].widget.attrs |= {"data-shown-by": "kind", "data-shown-for": " ".join(kinds)}

    def variables(self) -> Mapping[str, Variable]:
        """Returns the variables that are available where the content is sent."""
        return named(USUAL)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "pagepath" not in FIELDS.get(cleaned.get("kind", ""), ()):
            self.errors.pop("pagepath", None)
        if "kind" in cleaned and not cleaned.get("DELETE"):
            self._take(cleaned)
        return cleaned

    @property
    def content(self) -> Content:
        """Returns the content as it will be sent once its files are on the platform."""
        complete = self.instance.complete
        waiting = {name: PENDING_MEDIA_ID for name in complete if self._has_file(name) and not complete[name]}
        return from_dict({**complete, **waiting})

    @property
    def caution(self) -> str:
        """Returns a warning about the content that was saved, or the empty text."""
        changed = "kind" in self.cleaned_data and not self.cleaned_data.get("DELETE") and self.has_changed()
        return caution(self.content, self._account_name) if changed else ""

    def _take(self, cleaned: dict[str, Any]) -> None:
        """Stores the fields of the kind in the row, if they make a content that can be sent."""
        kind, former = cleaned["kind"], self.instance.content or {}
        names = FIELDS[kind]
        for name in names:
            self._check_variables(name, cleaned.get(name))
        if any(name in self.errors for name in names):
            return
        kept = former if former.get("type") == kind else {}
        self.instance.asset = cleaned.get(kind) if kind in FILES else None
        # Into both: a page's form may have the cover as a field of its model, too.
        self.instance.cover = cleaned["cover"] = cleaned.get("cover") if "cover" in names else None
        self.instance.content = {"type": kind, **_content(kind, cleaned), **self._media(kind, names, kept)}
        try:
            check_content(self.content, self._account_name)
        except ValidationError as error:
            named = FORM_FIELDS.get(error.code or "", error.code)
            self.add_error(named if named in names else names[0], error)

    def _check_variables(self, name: str, value: Any) -> None:
        try:
            check_variables(value if isinstance(value, str) else "", self.variables())
        except ValidationError as error:
            self.add_error(name, error)

    @cached_property
    def _account_name(self) -> str:
        names = OfficialAccount.objects.filter(pk=self.account_id or 0).values_list("name", flat=True)
        return names.first() or ""

    def _media(self, kind: str, names: tuple[str, ...], kept: dict[str, Any]) -> dict[str, str]:
        """Returns the media ids of the kind: empty for a file of the library, otherwise the former one.

        An imported file has a media id, but is not in the library.
        """
        media = {"media_id": kind in FILES, "thumb_media_id": "cover" in names}
        return {
            name: "" if self._has_file(name) else kept.get(name, "") for name, has in media.items() if has
        }

    def _has_file(self, name: str) -> bool:
        files = {"media_id": self.instance.asset, "thumb_media_id": self.instance.cover}
        return files.get(name) is not None

    def _offer_articles(self, account_id: int | None) -> None:
        """Offers the published articles, and always the current choice."""
        field: Any = self.fields["article_id"]
        published = Draft.objects.filter(account=account_id, state=Draft.State.PUBLISHED)
        choices = {
            draft.article_id: str(draft)
            for draft in published.prefetch_related("articles").order_by("-published_at")[:ARTICLES_SHOWN]
        }
        chosen = self.initial.get("article_id", "")
        if chosen:
            choices.setdefault(chosen, chosen)
        field.choices = [("", _("Choose an article")), *choices.items()]

    def _offer(self, name: str, account_id: int | None) -> None:
        field: Any = self.fields[name]
        kind = "thumb" if name == "cover" else name
        field.queryset = Asset.objects.filter(account=account_id, kind=kind)
        stored = "thumb_media_id" if name == "cover" else "media_id"
        content = self.instance.content or {}
        imported = content.get(stored) and content.get("type") in (kind, "video")
        field.empty_label = _("The imported file, as it is on WeChat") if imported else _("Choose a file")
        field.widget.for_account(account_id, kind)
        if imported:
            field.widget.attrs["data-pick-kept"] = ""


class AnswerForm(ContentForm):
    """A form for contents that answer a message, in which the looked-up variables are available as well."""

    def variables(self) -> Mapping[str, Variable]:
        return VARIABLES.by_name()


class CautiousAdmin(admin.ModelAdmin[Any]):
    """An admin that shows, after a change was saved, the warnings about its contents."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        forms_saved = [form, *(each for formset in formsets for each in formset.forms)]
        cautions = [each.caution for each in forms_saved if isinstance(each, ContentForm)]
        for sentence in dict.fromkeys(filter(None, cautions)):
            self.message_user(request, sentence, messages.WARNING)


def _initial(row: HasContent) -> dict[str, Any]:
    stored = dict(row.content)
    kind = stored.get("type", "")
    if kind == "news" and stored.get("articles"):
        stored |= stored["articles"][0]
    elif kind == "msgmenu":
        choices = "\n".join(item.get("content", "") for item in stored.get("items", []))
        stored |= {"text": stored.get("head", ""), "choices": choices}
    elif kind == "text":
        stored["text"] = stored.get("content", "")
    shown = {name: stored[name] for name in FIELDS.get(kind, ()) if name in stored}
    return {
        "kind": kind,
        **shown,
        "cover": row.cover_id,
        **({kind: row.asset_id} if kind in FILES else {}),
    }


def _content(kind: str, cleaned: dict[str, Any]) -> dict[str, Any]:
    if kind == "text":
        return {"content": cleaned["text"].replace("\r\n", "\n")}
    if kind == "news":
        return {"articles": [{name: cleaned[name] for name in FIELDS["news"]}]}
    if kind == "msgmenu":
        choices = [line.strip() for line in cleaned["choices"].splitlines() if line.strip()]
        items = [{"id": str(number), "content": line} for number, line in enumerate(choices, start=1)]
        return {"head": cleaned["text"].replace("\r\n", "\n"), "items": items, "tail": cleaned["tail"]}
    return {name: cleaned[name] for name in FIELDS[kind] if name not in (*FILES, "cover")}
