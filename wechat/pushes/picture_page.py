"""The picture of a conversation, for staff with a right to the account's messages."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.staff.gate import object_page
from accounts.staff.rights import Area
from wechat.kernel import files
from wechat.pushes.models import ConversationPicture


@object_page(ConversationPicture, Area.MESSAGES, is_file=True)
def show(request: HttpRequest, picture: ConversationPicture) -> HttpResponseBase:
    return files.response(picture.file, picture.content_type)
