from django.contrib import admin

from accounts.models import Tag
from accounts.pages import AccountScopedAdmin
from accounts.rights import Area


@admin.register(Tag)
class TagAdmin(AccountScopedAdmin):
    area = Area.FOLLOWERS
    fields = ("account", "name")
    list_display = ("name",)
    search_fields = ("name",)
