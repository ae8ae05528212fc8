"""What is said to somebody who saved a content that not everybody will get."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from wechat.contents.form import ContentForm


class CautionsMixin(ModelAdmin[Any]):
    """For the pages of rows that are contents, or that have contents in their inlines."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for each in [form, *(part for formset in formsets for part in formset.forms)]:
            if isinstance(each, ContentForm) and each.caution:
                self.message_user(request, each.caution, messages.WARNING)
