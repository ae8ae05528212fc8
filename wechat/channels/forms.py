"""The forms of channels, welcomes and posters, and the filter of the list."""

import io
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db.models import Q, QuerySet
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.staff.pages import AccountForm
from wechat.channels.models import HIGHEST_COST, Channel, Code, Poster, Welcome
from wechat.console.amounts import AmountField
from wechat.console.big_tables import FilterForm
from wechat.contents.checks import check_together
from wechat.contents.form import AnswerForm
from wechat.kernel import pictures
from wechat.sdk.pay import money

LARGEST_BYTES = 10 * 1024 * 1024
LARGEST_SIDE = 6000
# The smallest code on a poster that a phone can read, in pixels.
SMALLEST_CODE = 120
FORMATS = {"PNG": "png", "JPEG": "jpg"}


def owners(account_id: int | None) -> QuerySet[User]:
    """Returns the members of staff who work with the account."""
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("username")
    return staff.filter(Q(is_superuser=True) | Q(rights__account=account_id)).distinct()


class ChannelForm(AccountForm):
    cost_yuan = AmountField(
        label=gettext_lazy("cost in yuan"),
        required=False,
        help_text=gettext_lazy("Printing, rent, fees: the report shows what each new follower cost."),
        widget=UnfoldAdminTextInputWidget(),
    )

    class Meta:
        model = Channel
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "days" in self.fields:
            shown = {"data-shown-by": "lifetime", "data-shown-for": Channel.Lifetime.TEMPORARY.value}
            self.fields["days"].widget.attrs |= shown
        if "cost_yuan" in self.fields and self.instance.cost:
            self.initial["cost_yuan"] = self.instance.cost

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "cost_yuan" in cleaned:
            self.instance.cost = cleaned["cost_yuan"] or 0
        return cleaned

    def clean_cost_yuan(self) -> int | None:
        cost: int | None = self.cleaned_data["cost_yuan"]
        if cost is not None and not 0 <= cost <= HIGHEST_COST:
            raise forms.ValidationError(_("From ¥0.00 to ¥%(most)s.") % {"most": money.yuan(HIGHEST_COST)})
        return cost


class WelcomeForm(AnswerForm):
    class Meta:
        model = Welcome
        fields = ("position",)


class WelcomeFormSet(BaseInlineFormSet[Welcome, Channel, "forms.ModelForm[Welcome]"]):
    """The forms of a channel's welcomes for one audience."""

    audience: ClassVar[Welcome.Audience]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.instance.audience = self.audience

    @property
    def strategy(self) -> str:
        return self.instance.new_strategy

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = self._in_order()
        check_together(
            [form.content for form in kept], one_at_random=self.strategy == Channel.Strategy.RANDOM
        )

    def _in_order(self) -> list[Any]:
        """Returns the forms that are not deleted, in order, the new ones last."""
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if not form.cleaned_data.get("DELETE")]
        old = sorted((form for form in kept if form.instance.pk), key=lambda form: form.instance.position)
        new = [form for form in kept if not form.instance.pk]
        first_free = old[-1].instance.position + 1 if old else 0
        for position, form in enumerate(new, start=first_free):
            form.instance.position = position
        return [*old, *new]


class NewWelcomeFormSet(WelcomeFormSet):
    audience = Welcome.Audience.NEW


class ExistingWelcomeFormSet(WelcomeFormSet):
    audience = Welcome.Audience.EXISTING

    @property
    def strategy(self) -> str:
        return self.instance.existing_strategy


class ChannelFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("Name, place or scene"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    group = forms.CharField(label=gettext_lazy("Group of channels"), required=False, max_length=40)
    state = forms.ChoiceField(
        label=gettext_lazy("The code"),
        required=False,
        choices=[("", gettext_lazy("All")), *Code.State.choices],
    )
    lifetime = forms.ChoiceField(
        label=gettext_lazy("Kind of code"),
        required=False,
        choices=[("", gettext_lazy("All")), *Channel.Lifetime.choices],
    )

    def narrow(self, rows: QuerySet[Channel]) -> QuerySet[Channel]:
        chosen = self.cleaned_data
        if text := chosen["q"].strip():
            rows = rows.filter(Q(name__icontains=text) | Q(place__icontains=text) | Q(scene=text))
        if group := chosen["group"].strip():
            rows = rows.filter(group=group)
        if chosen["state"]:
            rows = rows.filter(code__state=chosen["state"])
        return rows.filter(lifetime=chosen["lifetime"]) if chosen["lifetime"] else rows


class PosterForm(AccountForm):
    """A form for a poster.

    The background is saved anew: upright, and without metadata of the uploaded file.
    """

    class Meta:
        model = Poster
        fields = "__all__"

    def clean_background(self) -> Any:
        file = self.cleaned_data["background"]
        return _upright(file) if isinstance(file, UploadedFile) else file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        poster = self.instance
        if cleaned.get("size") and cleaned["size"] < SMALLEST_CODE:
            sentence = _("A code needs at least %(least)d pixels to be read by a phone.")
            self.add_error("size", sentence % {"least": SMALLEST_CODE})
        file = cleaned.get("background")
        if isinstance(file, UploadedFile) and not poster.pk:
            self._place(pictures.size_of(file))
        return cleaned

    def _place(self, size: tuple[int, int]) -> None:
        """Places the code of a new poster at the bottom centre, a third of the width wide."""
        width, height = size
        side = min(max(SMALLEST_CODE, width // 3), width, height)
        self.instance.left, self.instance.top = (width - side) // 2, max(0, height - side - height // 20)
        self.instance.size = side


def _upright(file: UploadedFile[Any]) -> SimpleUploadedFile:
    """Returns the picture, turned upright and saved anew.

    Raises ``ValidationError`` if the file is not a picture, or if the picture is too large or too small.
    """
    if (file.size or 0) > LARGEST_BYTES:
        raise ValidationError(_("The picture has more than 10 MB: save it smaller."))
    try:
        with pictures.opened(file) as opened:
            if opened.format not in FORMATS:
                raise ValidationError(_("Choose a PNG or a JPG."))
            if max(opened.size) > LARGEST_SIDE:
                raise ValidationError(_("The picture has more than 6,000 pixels a side: save it smaller."))
            if min(opened.size) < SMALLEST_CODE:
                raise ValidationError(_("The picture is too small for a code."))
            kind, saved = opened.format, io.BytesIO()
            pictures.upright(opened).save(saved, kind, quality=92)
    except pictures.UnreadablePicture as error:
        raise ValidationError(str(error)) from None
    return SimpleUploadedFile(f"poster.{FORMATS[kind]}", saved.getvalue(), f"image/{kind.lower()}")
