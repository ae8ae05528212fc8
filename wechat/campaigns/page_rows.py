"""The query of the pages that are about one campaign."""

from django.db.models import QuerySet

from wechat.campaigns.models import Campaign


def all_campaigns() -> "QuerySet[Campaign]":
    return Campaign.objects.select_related("account", "template", "segment", "tag", "author", "approved_by")
