"""Settings of a drill: as deployed, but for the files of pages, which are served as they lie there."""

from config.settings import *  # noqa: F403 - all of them
from config.settings import STORAGES as DEPLOYED

STORAGES = {
    **DEPLOYED,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
