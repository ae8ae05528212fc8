"""The API endpoints of menus for business systems: read, draft, validate, publish.

Routes are below ``/api/v1/menus``.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.approvals.models import Approval
from menus import approval, drafts, publications, tree
from menus.buttons import Buttons, Malformed, from_list, to_data
from menus.facts import problems_of
from menus.models import Menu, Publication, Version
from menus.validation import Problem
from wechat.api import scopes
from wechat.api.audit import actor
from wechat.api.errors import ApiRefusal
from wechat.api.views import BusinessView, validated

READ = scopes.register("menus:read", gettext_lazy("See menus"))
WRITE = scopes.register("menus:write", gettext_lazy("Edit the drafts of menus"))
PUBLISH = scopes.register("menus:publish", gettext_lazy("Publish menus"))


class MenuSerializer(serializers.ModelSerializer[Menu]):
    tag = serializers.CharField(
        source="tag.name", default=None, allow_null=True, help_text="Of a menu for some followers."
    )
    live_version = serializers.SerializerMethodField()

    class Meta:
        model = Menu
        fields = ("id", "name", "conditional", "tag", "platform", "live_version")
        read_only_fields = fields

    def get_live_version(self, menu: Menu) -> int | None:
        live = menu.versions.filter(state=Version.State.PUBLISHED).first()
        return live.number if live else None


class DraftSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(help_text="Of the draft that you read; 409 if it was saved since.")
    buttons = serializers.ListField(
        child=serializers.DictField(),
        help_text="As they are read: uid, name, kind and what the kind needs; `children` for a submenu.",
    )


class ProblemSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    uid = serializers.CharField(help_text="The button; empty for the menu as a whole.")
    place = serializers.CharField(source="field", help_text="The field to put right.")
    is_error = serializers.BooleanField(help_text="Errors keep the menu from being published.")


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    reason = serializers.CharField(source="explanation")

    class Meta:
        model = Publication
        fields = ("id", "version", "state", "reason", "errcode", "starts_at", "finished_at")
        read_only_fields = fields


class WaitingSerializer(serializers.ModelSerializer[Approval]):
    class Meta:
        model = Approval
        fields = read_only_fields = ("state", "expires_at")


class ScheduleSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(required=False, help_text="Left out: now.")
    until = serializers.DateTimeField(
        required=False, help_text="When to return to what was live before; only with `at`."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "at" in given and (wrong := publications.wrong_times(given["at"], given.get("until"))):
            raise serializers.ValidationError(wrong)
        if "until" in given and "at" not in given:
            raise serializers.ValidationError({"until": _("The end must be later than the beginning.")})
        return given


class MenuView(BusinessView):
    def menu(self, pk: int) -> Menu:
        """Returns a menu of the client's account. Raises ``Http404`` for one of another account."""
        found = Menu.objects.filter(account=self.account, pk=pk).select_related("account", "tag").first()
        if found is None:
            raise Http404
        return found


class Menus(MenuView):
    scopes = {"GET": READ}

    @extend_schema(responses=MenuSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Returns the account's menus: the one for everybody and those for some followers."""
        return self.page(Menu.objects.filter(account=self.account).select_related("tag"), MenuSerializer)


class DraftView(MenuView):
    scopes = {"GET": READ, "PUT": WRITE}
    refusals = {"PUT": {409: ("overtaken",)}}

    @extend_schema(responses=DraftSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Returns the draft and its revision."""
        return Response(_draft(drafts.draft_of(self.menu(pk))))

    @extend_schema(request=DraftSerializer, responses=DraftSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Replaces the draft, unless somebody has saved it since you read it."""
        menu = self.menu(pk)
        given = validated(DraftSerializer, request.data)
        buttons = _buttons(given["buttons"])
        try:
            draft = drafts.save(menu, buttons, revision=given["revision"], by=actor(self.client))
        except drafts.Overtaken as overtaken:
            message = _("The draft was saved by somebody else meanwhile: read it again.")
            raise ApiRefusal(409, "overtaken", message, revision=overtaken.draft.revision) from None
        except ValidationError as error:
            raise serializers.ValidationError({"buttons": error.messages}) from None
        return Response(_draft(draft))


class Validation(MenuView):
    scopes = {"GET": READ}
    # All at once: a draft has few.
    pagination_class = None

    @extend_schema(responses=ProblemSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Returns the problems of the draft."""
        found = problems_of(drafts.draft_of(self.menu(pk)))
        return Response(ProblemSerializer(found, many=True).data)


class Publications(MenuView):
    scopes = {"GET": READ, "POST": PUBLISH}
    refusals = {"POST": {409: ("not_publishable", "busy")}}

    @extend_schema(responses=PublicationSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Returns past, current and scheduled publications, newest first."""
        return self.page(self.menu(pk).publications.select_related("version"), PublicationSerializer)

    @extend_schema(request=ScheduleSerializer, responses={201: PublicationSerializer, 202: WaitingSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Publishes the draft, now or at a given time, in the background: its publication has the outcome.

        The answer is 202 if a member of staff has to approve it first.
        """
        menu = self.menu(pk)
        asked = self._asked(menu, validated(ScheduleSerializer, request.data))
        if isinstance(asked, Approval):
            return Response(WaitingSerializer(asked).data, status=202)
        return Response(PublicationSerializer(asked).data, status=201)

    def _asked(self, menu: Menu, times: dict[str, Any]) -> Publication | Approval:
        by, through = actor(self.client), f"API · {self.client.name}"[:80]
        try:
            # A refusal rolls the new version back.
            with transaction.atomic():
                version = drafts.freeze(menu)
                if (waits := approval.ask(menu, version, by=by, through=through, **times)) is not None:
                    return waits
                if "at" in times:
                    return publications.schedule(menu, version, by=by, through=through, **times)
                return publications.publish(menu, version, by=by, through=through)
        except publications.NotPublishable as refused:
            raise _not_publishable(refused.problems) from None
        except publications.Busy:
            message = _("Another menu of this account is being published. Wait a moment, then try again.")
            raise ApiRefusal(409, "busy", message) from None


def _draft(draft: Version) -> dict[str, Any]:
    return {"revision": draft.revision, "buttons": [to_data(each) for each in tree.read(draft)]}


def _buttons(data: Any) -> Buttons:
    try:
        return from_list(data)
    except Malformed as error:
        message = _("The menu could not be read: %(why)s") % {"why": error}
        raise serializers.ValidationError({"buttons": [message]}) from None


def _not_publishable(problems: list[Problem]) -> ApiRefusal:
    found = ProblemSerializer(problems, many=True).data
    return ApiRefusal(409, "not_publishable", problems[0].text, problems=list(found))


urlpatterns = [
    path("menus/", Menus.as_view()),
    path("menus/<int:pk>/draft/", DraftView.as_view()),
    path("menus/<int:pk>/problems/", Validation.as_view()),
    path("menus/<int:pk>/publications/", Publications.as_view()),
]
