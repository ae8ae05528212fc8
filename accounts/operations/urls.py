"""The routes of the pages of operations, below ``/admin/operations/``."""

from django.contrib import admin
from django.urls import path

from accounts.operations import failure_pages, job_pages, quota_pages, setup_pages, token_pages

behind = admin.site.admin_view

urlpatterns = [
    path("jobs/", behind(job_pages.show), name="operations_jobs"),
    path("failures/", behind(failure_pages.show), name="operations_failures"),
    path("failures/<slug:name>/", behind(failure_pages.listed), name="operations_failures_of"),
    path("quotas/", behind(quota_pages.show), name="operations_quotas"),
    path("quotas/clear/", behind(quota_pages.clear), name="operations_quotas_clear"),
    path("tokens/", behind(token_pages.show), name="operations_tokens"),
    path("setup/", behind(setup_pages.new), name="operations_setup"),
    path("setup/<int:pk>/", behind(setup_pages.go_on), name="operations_setup_go_on"),
    path("setup/<int:pk>/<slug:name>/", behind(setup_pages.step_page), name="operations_setup_step"),
]
