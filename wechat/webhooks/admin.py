"""The pages of webhook endpoints and deliveries."""

import datetime
from collections.abc import Mapping
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_stubs_ext import StrOrPromise

from accounts.staff import audit, held_work
from accounts.staff.gate import frame
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights
from wechat.console import edit_conflicts
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.phrases import listed
from wechat.kernel.models import Hold
from wechat.kernel.secrets import OVERLAP
from wechat.webhooks import events, outbox
from wechat.webhooks.forms import EndpointForm, SampleForm
from wechat.webhooks.models import Delivery, Endpoint, new_secret

State = Delivery.State
COLOURS: Mapping[State, str] = {State.DELIVERED: "good", State.FAILED: "bad"}


@admin.register(Endpoint)
class EndpointAdmin(AccountScopedAdmin):
    """The pages of endpoints. A secret is created here and shown once, in the response to the POST."""

    area = Area.SETTINGS
    takes_along = frozenset({Delivery})
    form = EndpointForm
    change_form_outer_before_template = "webhooks/endpoint_tools.html"
    empty_words = gettext_lazy(
        "An endpoint is an address of a system of yours that is told what happens here, signed."
    )
    list_display = ("url", "subscribed_to", "state_badge")
    fields = ("account", "url", "events", "enabled", "state_badge")
    readonly_fields = ("state_badge",)

    def get_urls(self) -> list[URLPattern]:
        secret = self.object_view(self.secret_view, change=True)
        sample = self.object_view(self.sample_view, change=True)
        go_on = self.object_view(require_POST(self.go_on_view), change=True)
        return [
            path("<int:pk>/go-on/", go_on, name="webhooks_endpoint_go_on"),
            path("<int:pk>/secret/", secret, name="webhooks_endpoint_secret"),
            path("<int:pk>/sample/", sample, name="webhooks_endpoint_sample"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        """Returns the fields of the form; a new endpoint has no state yet."""
        return [name for name in self.fields if obj is not None or name != "state_badge"]

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        """Returns the fields that cannot be changed.

        The address and events of an endpoint that belongs to something else, such as a rule, are changed
        there.
        """
        kept = ("url", "events") if obj is not None and obj.owner else ()
        return [*super().get_readonly_fields(request, obj), *kept]

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if not change:
            obj.secret = new_secret()
        super().save_model(request, obj, form, change)
        if "url" in form.changed_data:
            held_work.lift(outbox.held(obj))

    def response_add(
        self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._secret_page(request, obj)

    def secret_view(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Shows the effects, and once they are confirmed, the new secret, which is shown only this once."""
        if endpoint.owner:
            raise PermissionDenied
        if request.method != "POST":
            hours = int(OVERLAP.total_seconds() // 3600)
            return self._page(request, "webhooks/renew_secret.html", endpoint, _("New secret"), hours=hours)
        with edit_conflicts.saving(request, endpoint):
            endpoint.replace_secret("secret", new_secret())
            endpoint.save(update_fields=["secret", "previous_secrets"])
        held_work.lift(outbox.held(endpoint))
        audit.record(request, endpoint, _("Made a new secret"))
        return self._secret_page(request, endpoint)

    def page_context(self, request: HttpRequest, row: Endpoint | None) -> dict[str, Any]:
        return {"held": [held_work.reason(hold) for hold in outbox.held(row)] if row else []}

    def go_on_view(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Resumes the deliveries on hold for the endpoint at once."""
        if held_work.lift(outbox.held(endpoint)):
            audit.record_with_message(request, endpoint, _("What waited goes on."))
        return redirect("admin:webhooks_endpoint_change", endpoint.pk)

    def sample_view(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Posts an example of an event and shows the receiver's answer."""
        form, delivery = SampleForm(request.POST or None), None
        if request.method == "POST" and form.is_valid():
            name = form.cleaned_data["event"]
            assert endpoint.account is not None
            delivery = outbox.sample(endpoint, endpoint.account, name, events.known()[name].example)
        context = {"form": form, "delivery": delivery}
        return self._page(request, "webhooks/sample.html", endpoint, _("Send a sample"), **context)

    def _secret_page(self, request: HttpRequest, endpoint: Endpoint) -> TemplateResponse:
        """Shows the secret in the response to the POST, so that it is not stored unencrypted anywhere."""
        notice = _(
            "Copy the secret now: it is not shown again. "
            "The receiver checks with it that a message is from here."
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("The signing secret"),
            "opts": self.opts,
            "notice": notice,
            "values": [(_("signing secret"), endpoint.secret)],
            "back_url": reverse("admin:webhooks_endpoint_change", args=[endpoint.pk]),
        }
        return TemplateResponse(request, "console/secret.html", context)

    def _page(
        self, request: HttpRequest, template: str, endpoint: Endpoint, title: str, **more: Any
    ) -> TemplateResponse:
        context = frame(request, title, opts=self.opts, original=endpoint, **more)
        return TemplateResponse(request, template, context)

    @admin.display(description=gettext_lazy("events"))
    def subscribed_to(self, endpoint: Endpoint) -> str:
        if endpoint.owner.startswith("rule:"):
            return _("what a rule answers")
        return listed(events.label_of(name) for name in endpoint.events)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, endpoint: Endpoint) -> SafeString:
        if endpoint.switched_off_at:
            return badge(_("switched off: it took nothing"), "bad")
        if not endpoint.enabled:
            return badge(_("off"))
        if endpoint.is_unsigned:
            return badge(_("waits: its secret cannot be opened"), "bad")
        return badge(_("takes nothing"), "warn") if endpoint.failing_since else badge(_("on"), "good")


def _decided_by(request: HttpRequest) -> QuerySet[Endpoint]:
    """Returns the endpoints whose holds the reader may lift.

    Those of API clients serve all accounts of the client, and are left out.
    """
    mine = Rights.of(request.user).changeable(EndpointAdmin.area)
    return Endpoint.objects.filter(account__in=mine)


def _reason(hold: Hold) -> str:
    if hold.cause != Hold.Cause.ACCOUNT:
        return held_work.usual_reason(hold)
    return _(
        "No key of FIELD_ENCRYPTION_KEYS opens the signing secret, so nothing is posted. Put the key back "
        "that it was stored with and restart; if it is lost, make a new secret and give it to the receiver. "
        "Nothing is lost: it is tried again at %(until)s."
    ) % held_work.when(hold)


held_work.DECIDED.add(outbox.DELIVERIES.name, _decided_by)
held_work.WORDS.add(outbox.DELIVERIES.name, _reason)


@admin.register(Delivery)
class DeliveryAdmin(BigTable, AccountScopedAdmin):
    """The list of deliveries with their attempts; read-only, except for "send again"."""

    area = Area.SETTINGS
    empty_words = gettext_lazy(
        "What was posted to your webhooks is listed here, with every attempt and answer."
    )
    list_display = ("made", "what", "endpoint", "state_badge", "attempts", "answer")
    list_select_related = ("endpoint",)
    fields = ("what", "endpoint", "message_id", "state_badge", "made", "attempts_made", "posted")
    readonly_fields = fields
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns whether deliveries may be sent again; the page of a single one cannot be edited."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=gettext_lazy("Send again"), permissions=["change"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        chosen = list(deliveries)
        count = outbox.send_again(chosen)
        audit.record(request, chosen, _("Sent again"))
        self.message_user(
            request, ngettext("%d event is sent again.", "%d events are sent again.", count) % count
        )

    @admin.display(description=gettext_lazy("created"), ordering="id")
    def made(self, delivery: Delivery) -> SafeString:
        return moment(delivery.created_at)

    @admin.display(description=gettext_lazy("event"))
    def what(self, delivery: Delivery) -> StrOrPromise:
        return delivery.label

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, delivery: Delivery) -> SafeString:
        return badge(delivery.get_state_display(), COLOURS.get(cast(State, delivery.state), "plain"))

    @admin.display(description=gettext_lazy("answered"))
    def answer(self, delivery: Delivery) -> str:
        return str(delivery.last.get("status") or delivery.last.get("error") or "")[:80]

    @admin.display(description=gettext_lazy("attempts in detail"))
    def attempts_made(self, delivery: Delivery) -> SafeString:
        lines = [
            f"{_second_of(entry['at'])}  {entry['status'] or '–'}  {entry['ms']} ms  {entry['error']}"
            for entry in delivery.log
        ]
        return format_html('<pre class="raw">{}</pre>', "\n".join(lines) or "–")

    @admin.display(description=gettext_lazy("body"))
    def posted(self, delivery: Delivery) -> SafeString:
        return format_html('<pre class="raw">{}</pre>', delivery.body)


def _second_of(at: str) -> str:
    """Returns a stored time, which is UTC, as the time that all pages show."""
    return timezone.localtime(datetime.datetime.fromisoformat(at)).strftime("%Y-%m-%d %H:%M:%S")
