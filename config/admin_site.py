"""The admin site of the console."""

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # the skin is untyped
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Returns the models of one app, and none for all of them.

        Django puts the list of all models, with addresses and rights, into every page. The console has a
        navigation of its own (``config.navigation``), so that list would take a tenth of a page for nothing.
        """
        found: list[dict[str, Any]] = super().get_app_list(request, app_label) if app_label else []
        return found


class ConsoleAdminConfig(AdminConfig):
    default_site = "config.admin_site.ConsoleSite"
