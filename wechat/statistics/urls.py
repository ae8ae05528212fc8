"""The routes of the pages of statistics, behind the sign-in of the console."""

from django.contrib import admin
from django.urls import path

from wechat.statistics import pages

_view = admin.site.admin_view

urlpatterns = [
    path("users/", _view(pages.users), name="statistics_users"),
    path("articles/", _view(pages.articles), name="statistics_articles"),
    path("messages/", _view(pages.messages), name="statistics_messages"),
    path("interface/", _view(pages.interface), name="statistics_interface"),
]
