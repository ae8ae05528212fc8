"""The routes of the login pages, outside the API."""

from django.urls import path

from wechat.login import oauth_pages, scan_pages

SCAN = "h5/<slug:slug>/login/"

urlpatterns = [
    path("wechat/<slug:slug>/oauth/start", oauth_pages.start, name="oauth_start"),
    path("wechat/<slug:slug>/oauth/done", oauth_pages.done, name="oauth_done"),
    path(SCAN, scan_pages.show, name="scan_login"),
    path(f"{SCAN}<slug:scene>/state/", scan_pages.state, name="scan_login_state"),
    path(f"{SCAN}<slug:scene>/finish/", scan_pages.finish, name="scan_login_finish"),
    path(f"{SCAN}<slug:scene>/confirm/", scan_pages.confirm, name="scan_login_confirm"),
]
