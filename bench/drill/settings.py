"""The settings of a drill: those of a deployment, but static files are served unprocessed."""

from config.settings import *  # noqa: F403 - all of them
from config.settings import STORAGES as DEPLOYED

STORAGES = {
    **DEPLOYED,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
