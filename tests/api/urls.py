"""The routes of a test app that uses the base classes of the API."""

import threading
from typing import Any

from django.urls import include, path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.followers.models import Tag
from wechat.api.errors import ApiRefusal
from wechat.api.views import BusinessView
from wechat.sdk.errors import ApiError, TransportError


class NoteSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ("name",)


class Notes(BusinessView):
    """A view of notes, which are stored as tags."""

    scopes = {"GET": "notes:read", "POST": "notes:write"}

    @extend_schema(responses=NoteSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.page(Tag.objects.filter(account=self.account), NoteSerializer)

    @extend_schema(request=NoteSerializer, responses={201: NoteSerializer})
    def post(self, request: Request) -> Response:
        entered.set()
        assert may_go_on.wait(60)
        given = NoteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if given.validated_data["name"] == "crash":
            raise RuntimeError("nobody foresaw this")
        note = Tag.objects.create(account=self.account, **given.validated_data)
        return Response({"name": note.name, "number": note.pk}, status=201)


class Trouble(BusinessView):
    """A view that fails in every way the API's base knows, as ``kind`` says."""

    scopes = {"GET": "notes:read"}

    @extend_schema(responses=NoteSerializer)
    def get(self, request: Request, kind: str) -> Response:
        troubles: dict[str, Exception] = {
            "refused": ApiRefusal(409, "too_late", "Too late.", since="noon"),
            "platform": ApiError(48001, "api unauthorized"),
            "network": TransportError("lost", outcome_unknown=True),
        }
        raise troubles[kind]


entered, may_go_on = threading.Event(), threading.Event()
may_go_on.set()

api: Any = [path("notes/", Notes.as_view()), path("trouble/<slug:kind>/", Trouble.as_view())]
urlpatterns = [
    path("api/v1/", include(api)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
]
