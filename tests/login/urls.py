"""The pages of a test app, as an upper app has them."""

from django.http import HttpResponse
from django.urls import path

from config.urls import urlpatterns as ours
from wechat.login.pages import VisitorRequest, follower_page


@follower_page()
def shop(request: VisitorRequest, item: int) -> HttpResponse:
    return HttpResponse(f"{request.method} {request.account.slug} {request.visitor.openid} {item}")


@follower_page(scope="snsapi_userinfo")
def club(request: VisitorRequest) -> HttpResponse:
    return HttpResponse(request.visitor.nickname)


urlpatterns = [
    path("h5/<slug:slug>/shop/<int:item>/", shop),
    path("h5/<slug:slug>/club/", club),
    *ours,
]
