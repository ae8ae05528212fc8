"""The routes of everyday operations, below ``/admin/operations/``."""

from django.contrib import admin
from django.urls import path

from accounts.operations import setup_pages

behind = admin.site.admin_view

urlpatterns = [
    path("setup/", behind(setup_pages.new), name="operations_setup"),
    path("setup/<int:pk>/", behind(setup_pages.go_on), name="operations_setup_go_on"),
    path("setup/<int:pk>/<slug:name>/", behind(setup_pages.step_page), name="operations_setup_step"),
]
