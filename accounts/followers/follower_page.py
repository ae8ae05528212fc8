"""The page of one follower: profile, remark, tags and custom fields, timeline, and what may be sent."""

import datetime
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import changes, custom_fields, people, tagging, timeline
from accounts.followers.labels import name_of_activity
from accounts.followers.models import Change, CustomField, Follower, Tag
from accounts.followers.people import Person
from accounts.official.error_sentences import of_row
from accounts.staff import audit, personal_data
from accounts.staff.gate import frame, object_page
from accounts.staff.rights import Area, Rights
from wechat.console import edit_conflicts
from wechat.console.edit_conflicts import EditForm
from wechat.console.phrases import listed
from wechat.sdk.calls.tags import MOST_OF_A_FOLLOWER
from wechat.sdk.calls.users import REMARK_BYTES, is_remark


class FollowerForm(EditForm, forms.Form):
    """The remark, the tags and the custom fields of one follower.

    It contains its initial values and saves only what differs from them, because others may save meanwhile.
    """

    merged = frozenset({"tags"})

    remark = forms.CharField(label=gettext_lazy("remark"), required=False, max_length=REMARK_BYTES - 1)
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.none(),
        label=gettext_lazy("tags"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "tag-choices"}),
    )

    def __init__(self, follower: Follower, data: Any = None) -> None:
        self.follower = follower
        self.own = list(CustomField.objects.filter(account=follower.account_id))
        self.tags_before = set(follower.tags.all())
        values = custom_fields.of_followers([follower]).get(follower.pk, {})
        initial = {
            "remark": follower.remark,
            "tags": self.tags_before,
            **{_name(value.field): custom_fields.initial(value) for value in values.values()},
        }
        super().__init__(data, initial=initial)
        tags: Any = self.fields["tags"]
        tags.queryset = Tag.objects.filter(account=follower.account_id)
        for field in self.own:
            self.fields[_name(field)] = custom_fields.form_field(field)
        if personal_data.is_hidden_from_reader(follower.account_id):
            self.own, self.fields = [], {"tags": tags}
        for shown in self.fields.values():
            shown.show_hidden_initial = True

    def edited_row(self) -> Follower:
        return self.follower

    def clean_remark(self) -> str:
        remark = str(self.cleaned_data["remark"]).strip()
        if not is_remark(remark):
            raise ValidationError(_("WeChat takes less than 30 bytes: about 9 Chinese characters."))
        return remark

    def clean_tags(self) -> set[Tag]:
        data: Any = self.data
        ticked, shown = set(self.cleaned_data["tags"]), set(data.getlist("initial-tags"))
        self.added = {tag for tag in ticked if str(tag.pk) not in shown}
        self.removed = {tag for tag in self.tags_before - ticked if str(tag.pk) in shown}
        if len((self.tags_before | self.added) - self.removed) > MOST_OF_A_FOLLOWER:
            raise ValidationError(_("A follower can have 20 tags, the most WeChat allows."))
        return ticked

    @transaction.atomic
    def save(self) -> None:
        """Saves the changes here at once, and queues those that WeChat must know."""
        follower = self.follower
        if "remark" in self.changed_data:
            follower.remark = self.cleaned_data["remark"]
            follower.save(update_fields=["remark"])
            changes.queue(Change.Kind.REMARK, [follower], follower.remark)
        # Removed first, because a follower with 20 tags can get no other tag.
        for tag in self.removed:
            tagging.remove(tag, [follower.pk])
        for tag in self.added:
            tagging.add(tag, [follower.pk])
        changed = {field: self._value(field) for field in self.own if _name(field) in self.changed_data}
        custom_fields.save([(follower, changed)])

    def _value(self, field: CustomField) -> custom_fields.Value | None:
        value = self.cleaned_data[_name(field)]
        if field.kind == CustomField.Kind.YES_NO:
            return None if value == "" else value == "yes"
        return None if value in {None, ""} else value

    def changed_labels(self) -> str:
        """Returns the labels of the changed fields, for the audit log."""
        return listed(self.fields[name].label for name in self.changed_data)


@object_page(lambda: Follower.objects.prefetch_related("tags"), Area.FOLLOWERS)
@edit_conflicts.locks_row
def show(request: HttpRequest, follower: Follower) -> HttpResponse:
    rights = Rights.of(request.user)
    form = FollowerForm(follower, request.POST or None)
    if request.method == "POST":
        if "again" in request.POST:
            changes.try_again(follower.changes.all())
            messages.success(request, _("WeChat is told again."))
            return redirect("admin:followers_follower_change", follower.pk)
        if form.is_valid():
            form.save()
            audit.record(request, follower, form.changed_labels())
            messages.success(request, _("Saved."))
            return redirect("admin:followers_follower_change", follower.pk)
    person = people.one(follower.account_id, follower.openid)
    context = frame(
        request,
        _("Follower"),
        follower=follower,
        form=form,
        person=person,
        facts=_facts(follower, person),
        is_hidden=personal_data.is_hidden_from_reader(follower.account_id),
        elsewhere=_elsewhere(follower, rights),
        waiting=[(change, of_row(change)) for change in follower.changes.select_related("tag")],
        **_timeline(request, follower, rights),
    )
    return TemplateResponse(request, "followers/follower.html", context)


def _name(field: CustomField) -> str:
    return f"own_{field.pk}"


def _facts(follower: Follower, person: Person) -> Mapping[str, Any]:
    """Returns what is known of the follower, by its label; unknown facts are left out."""
    known = {
        _("name given in an order"): person.given_name,
        _("UnionID"): "" if personal_data.is_hidden_from_reader(follower.account_id) else follower.unionid,
        _("first followed"): follower.first_subscribed_at,
        _("followed"): follower.subscribed_at,
        _("left"): follower.unsubscribed_at,
        _("came by"): person.came_by,
        _("last seen"): follower.last_seen_at,
        _("last did"): name_of_activity(follower.last_seen_kind),
    }
    return {name: value for name, value in known.items() if value}


def _elsewhere(follower: Follower, rights: Rights) -> list[Follower]:
    """Returns the same person's rows in other accounts that the reader may view.

    None for a reader who may not see personal data here: the rows there may show a name.
    """
    if not follower.unionid or personal_data.is_hidden_from_reader(follower.account_id):
        return []
    same = Follower.objects.filter(unionid=follower.unionid, account__in=rights.viewable(Area.FOLLOWERS))
    return list(same.exclude(pk=follower.pk).select_related("account"))


def _timeline(request: HttpRequest, follower: Follower, rights: Rights) -> dict[str, Any]:
    def may_view(area: Area) -> bool:
        return rights.may_view(area, follower.account_id)

    before = _moment(request.GET.get("before", ""))
    moments, older = timeline.page(follower, before, may_view)
    return {
        "moments": moments,
        "older": older,
        "before": before,
        "panels": timeline.panels(follower, may_view),
        "may_read_messages": may_view(Area.MESSAGES),
    }


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None
