"""The platform's message types and events in words that staff understand.

Reference: WeChat reference 2 (messages and events).
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

MESSAGES: Mapping[str, StrOrPromise] = {
    "text": _("text"),
    "image": _("picture"),
    "voice": _("voice message"),
    "video": _("video"),
    "shortvideo": _("short video"),
    "location": _("location"),
    "link": _("link"),
    "miniprogrampage": _("mini-program card"),
    "event": _("event"),
    "malformed": _("unreadable"),
    "erased": _("erased"),
}
EVENTS: Mapping[str, StrOrPromise] = {
    "subscribe": _("started following"),
    "unsubscribe": _("unfollowed"),
    "scan": _("scanned a QR code"),
    "location": _("reported a location"),
    "click": _("tapped a menu item"),
    "view": _("opened a link from the menu"),
    "view_miniprogram": _("opened a mini program from the menu"),
    "scancode_push": _("scanned from the menu"),
    "scancode_waitmsg": _("scanned from the menu, waits for an answer"),
    "pic_sysphoto": _("took a photo from the menu"),
    "pic_photo_or_album": _("sent a photo from the menu"),
    "pic_weixin": _("sent an album photo from the menu"),
    "location_select": _("sent a place from the menu"),
    "templatesendjobfinish": _("template message delivery report"),
    "masssendjobfinish": _("mass message report"),
    "publishjobfinish": _("publishing report"),
    "subscribe_msg_popup_event": _("answered a subscription request"),
    "subscribe_msg_change_event": _("changed a subscription"),
    "subscribe_msg_sent_event": _("subscription message report"),
    "user_enter_tempsession": _("opened customer service"),
    "kf_create_session": _("customer service began"),
    "kf_close_session": _("customer service ended"),
    "kf_switch_session": _("customer service passed on"),
    "user_info_modified": _("changed their profile"),
    "user_authorization_revoke": _("withdrew an authorization"),
    "user_authorization_cancellation": _("closed their WeChat account"),
    "wxa_media_check": _("content check result"),
    "qualification_verify_success": _("qualification verified"),
    "qualification_verify_fail": _("qualification refused"),
    "naming_verify_success": _("name verified"),
    "naming_verify_fail": _("name refused"),
    "annual_renew": _("annual review is due"),
    "verify_expired": _("verification expired"),
}


def name_of(kind: str, event: str = "") -> StrOrPromise:
    """Returns the name of a message type or an event; for an unknown one, the platform's own name."""
    if event:
        return EVENTS.get(event, event)
    return MESSAGES.get(kind, kind)


def name_of_activity(kind: str) -> StrOrPromise:
    """Returns the name of an event or a message type, whichever the text is."""
    return EVENTS.get(kind) or MESSAGES.get(kind, kind)


# The ways in which a follower came to follow (WeChat reference 6.2).
SCENES: Mapping[str, StrOrPromise] = {
    "ADD_SCENE_SEARCH": _("search"),
    "ADD_SCENE_QR_CODE": _("QR code"),
    "ADD_SCENE_PROFILE_CARD": _("name card"),
    "ADD_SCENE_PROFILE_LINK": _("name in an article"),
    "ADD_SCENE_PROFILE_ITEM": _("menu of an article"),
    "ADD_SCENE_PAID": _("after a payment"),
    "ADD_SCENE_WECHAT_ADVERTISEMENT": _("advertisement"),
    "ADD_SCENE_REPRINT": _("reprinted article"),
    "ADD_SCENE_LIVESTREAM": _("live stream"),
    "ADD_SCENE_CHANNELS": _("Channels (视频号)"),
    "ADD_SCENE_WXA": _("mini program"),
    "ADD_SCENE_ACCOUNT_MIGRATION": _("account migration"),
    "ADD_SCENE_OTHERS": _("other ways"),
}


def name_of_scene(scene: str) -> StrOrPromise:
    return SCENES.get(scene, scene)
