"""The forms of articles: plain fields, an editor for the text, pictures from the library."""

import datetime
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.official.models import OfficialAccount
from accounts.staff.pages import AccountForm
from accounts.staff.picking import LinkInput
from wechat.articles import cleaning, importing, pictures
from wechat.articles.cleaning import Cleaned
from wechat.articles.models import MOST_ARTICLES, MOST_PICTURES, Article, Draft
from wechat.articles.widgets import ArticleEditor, as_it_looks
from wechat.console.big_tables import FilterForm
from wechat.console.days import moment_field
from wechat.console.read_only import read_as
from wechat.kernel.row_ids import row_id
from wechat.materials.models import Asset
from wechat.materials.widgets import FilePicker, FilesPicker


class ArticleForm(forms.ModelForm[Article]):
    """A form for an article.

    ``account`` is the account whose library is offered; ``dropped`` says what was removed from the text.
    """

    import_file = forms.FileField(
        label=gettext_lazy("text from a file"),
        required=False,
        help_text=gettext_lazy(
            "Word (.docx), Markdown (.md), HTML (.html, .htm) or plain text (.txt); takes the place of the "
            "text above when saved. Colours and sizes of Word come along when you copy and paste."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(importing.SUFFIXES)}),
    )
    chosen = forms.ModelMultipleChoiceField(
        Asset.objects.none(),
        label=gettext_lazy("pictures"),
        required=False,
        help_text=gettext_lazy("At most 20; the first is the cover."),
        widget=FilesPicker(attrs={"class": "article-pictures", "size": "6"}),
    )
    order = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"class": "article-order"}))

    class Meta:
        model = Article
        fields = (
            "kind", "title", "author", "digest", "content", "source_url", "cover", "focus_x", "focus_y",
            "comments", "followers_only", "position",
        )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        account: OfficialAccount | None = None,
        viewable: Collection[int] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.viewable, self.dropped = account, viewable, ""
        offered = Asset.objects.filter(account=account, kind=Asset.Kind.IMAGE, permanent=True)
        editor = ArticleEditor()
        editor.for_account(account.pk if account else None)
        self.fields["content"].widget = editor
        read_as(self.fields["content"], lambda: as_it_looks(self.instance.content))
        cover: Any = self.fields["cover"]
        cover.widget, cover.queryset = FilePicker(), offered
        cover.empty_label = (
            _("The cover as it is on WeChat") if self.instance.platform_cover else _("Choose a picture")
        )
        chosen: Any = self.fields["chosen"]
        chosen.queryset, chosen.initial = offered, self.instance.pictures
        for field in (cover, chosen):
            field.widget.for_account(account.pk if account else None, "image", permanent=True)
        if self.instance.platform_cover:
            cover.widget.attrs["data-pick-kept"] = ""
        self.fields["order"].initial = ",".join(map(str, self.instance.pictures))
        self.fields["source_url"].widget = LinkInput()
        self.fields["source_url"].widget.for_account(account.pk if account else None)
        self._show_by_kind()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("DELETE"):
            return cleaned
        self._take_text(cleaned)
        if cleaned.get("kind") == Article.Kind.NEWSPIC:
            self._take_pictures(cleaned)
        elif not cleaned.get("cover") and not self.instance.platform_cover:
            self.add_error("cover", _("An article needs a cover picture: choose one of the library."))
        return cleaned

    def _take_text(self, cleaned: dict[str, Any]) -> None:
        try:
            text = self._text(cleaned)
            self.dropped = text.dropped
            assert self.account is not None
            cleaned["content"] = _checked(
                pictures.move_inline_pictures(self.account, text.html, self.viewable), cleaned.get("kind", "")
            )
        except ValidationError as error:
            self.add_error("content", error)

    def _text(self, cleaned: dict[str, Any]) -> Cleaned:
        file = cleaned.get("import_file")
        return importing.read(file) if file else cleaning.cleaned(cleaned.get("content", ""))

    def _take_pictures(self, cleaned: dict[str, Any]) -> None:
        chosen = {asset.pk for asset in cleaned.get("chosen", [])}
        order = [pk for each in cleaned.get("order", "").split(",") if (pk := row_id(each))]
        self.instance.pictures = [pk for pk in dict.fromkeys([*order, *sorted(chosen)]) if pk in chosen]
        if len(chosen) > MOST_PICTURES:
            self.add_error("chosen", _("Choose at most 20 pictures."))
        if not chosen and not self.instance.platform_pictures:
            self.add_error("chosen", _("Choose at least one picture."))

    def _show_by_kind(self) -> None:
        for kind, names in (
            ("news", ("author", "digest", "source_url", "cover", "focus_x", "focus_y")),
            ("newspic", ("chosen",)),
        ):
            for name in names:
                self.fields[name].widget.attrs |= {"data-shown-by": "kind", "data-shown-for": kind}


class DraftForm(AccountForm):
    """A form for a draft; ``page`` is the token of a new draft's page."""

    page = forms.CharField(required=False, widget=forms.HiddenInput)


class ArticleFormSet(BaseInlineFormSet[Article, Draft, "forms.ModelForm[Article]"]):
    def clean(self) -> None:
        super().clean()
        kept = (
            [form for form in self.forms if not form.cleaned_data.get("DELETE")]
            if not any(self.errors)
            else []
        )
        if not any(self.errors) and not any(form.cleaned_data.get("title") for form in kept):
            raise ValidationError(_("Write at least one article."))
        if len(kept) > MOST_ARTICLES:
            raise ValidationError(_("WeChat takes at most 8 articles at once: delete some."))


def _checked(text: str, kind: str) -> str:
    limits = cleaning.LIMITS
    if kind == Article.Kind.NEWS and not text.strip():
        raise ValidationError(_("Write the text."))
    if len(text) >= limits.characters:
        raise ValidationError(
            _("The text has %(size)d characters with its formatting; WeChat takes less than %(most)d.")
            % {"size": len(text), "most": limits.characters}
        )
    if len(text.encode()) >= limits.bytes:
        raise ValidationError(_("The text is larger than 1 MB; make it shorter."))
    return text


class DraftFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("title"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        label=gettext_lazy("state"), required=False, choices=[("", gettext_lazy("All")), *Draft.State.choices]
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        title, state = self.cleaned_data["q"], self.cleaned_data["state"]
        if title:
            rows = rows.filter(pk__in=Article.objects.filter(title__icontains=title).values("draft"))
        return rows.filter(state=state) if state else rows


class PreviewForm(forms.Form):
    wechat_id = forms.RegexField(
        r"^[a-zA-Z][-_a-zA-Z0-9]{5,19}$",
        label=gettext_lazy("WeChat ID"),
        error_messages={
            "invalid": gettext_lazy("A WeChat ID has 6 to 20 letters, digits, - or _, a letter first.")
        },
    )


class PublishForm(forms.Form):
    at = moment_field(gettext_lazy("When"), help_text=gettext_lazy("Empty: at once."))

    def clean_at(self) -> datetime.datetime | None:
        at: datetime.datetime | None = self.cleaned_data["at"]
        if at and at < timezone.now():
            raise ValidationError(_("This time has passed: choose a later one, or publish now."))
        return at
