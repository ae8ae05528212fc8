"""The permission sets that accounts grant to components, and the calls that each set covers."""

from __future__ import annotations

MESSAGES, WEB_PAGES = 1, 4
# The platform's names of the sets by id: first those of official accounts, then of mini programs.
OFFICIAL = {
    1: "消息管理",
    2: "用户管理",
    3: "账号服务",
    4: "网页服务",
    6: "微信多客服",
    7: "群发与通知",
    11: "素材管理",
    15: "菜单管理",
    89: "服务号订阅通知",
}
MINI_PROGRAM = {17: "账号管理", 18: "开发管理与数据分析", 19: "客服消息管理"}
NAMES = {**OFFICIAL, **MINI_PROGRAM}
ALL = tuple(NAMES)
# The exclusive sets, which an account can grant to only one component at a time.
EXCLUSIVE = (WEB_PAGES,)

# The sets that cover a call; any one is sufficient. The longest prefix counts; other calls need none.
OFFICIAL_CALLS: dict[str, tuple[int, ...]] = {
    "/cgi-bin/message/custom/": (1, 6),
    "/customservice/": (1, 6),
    "/cgi-bin/customservice/": (1, 6),
    "/cgi-bin/get_current_autoreply_info": (1,),
    "/datacube/getupstreammsg": (1,),
    "/cgi-bin/user/": (2,),
    "/cgi-bin/tags/": (2,),
    "/cgi-bin/changeopenid": (2,),
    "/datacube/getuser": (2,),
    "/cgi-bin/qrcode/": (3,),
    "/cgi-bin/shorten/": (3,),
    "/datacube/getinterfacesummary": (3,),
    "/cgi-bin/ticket/": (4,),
    "/cgi-bin/message/mass/": (7,),
    "/cgi-bin/message/template/": (7,),
    "/cgi-bin/template/": (7,),
    "/wxa/sec/queryblocktmplmsg": (7,),
    "/cgi-bin/freepublish/": (7,),
    "/cgi-bin/comment/": (7,),
    "/datacube/getarticle": (7,),
    "/datacube/getuserread": (7,),
    "/datacube/getusershare": (7,),
    "/datacube/getbizsummary": (7,),
    "/cgi-bin/media/": (1, 3, 11),
    "/cgi-bin/material/": (11,),
    "/cgi-bin/draft/": (11,),
    "/cgi-bin/menu/": (15,),
    "/cgi-bin/get_current_selfmenu_info": (1, 3, 15),
    "/cgi-bin/message/subscribe/": (89,),
    "/wxaapi/newtmpl/": (89,),
}
MINI_PROGRAM_CALLS: dict[str, tuple[int, ...]] = {
    "/wxa/getwxacode": (17,),
    "/cgi-bin/wxaapp/": (17,),
    "/cgi-bin/message/subscribe/": (18,),
    "/wxaapi/": (18,),
    "/wxa/": (18,),
    "/cgi-bin/message/custom/": (19,),
    "/customservice/": (19,),
    "/cgi-bin/customservice/": (19,),
    "/cgi-bin/media/": (19,),
}


def needed(api: str, kind: str) -> tuple[int, ...]:
    """Returns the ids of the sets that cover this call for an account of this kind.

    It is empty for a call that needs no permission.
    """
    calls = MINI_PROGRAM_CALLS if kind == "miniprogram" else OFFICIAL_CALLS
    prefix = max((each for each in calls if api.startswith(each)), key=len, default=None)
    return () if prefix is None else calls[prefix]


def of_kind(kind: str) -> dict[int, str]:
    return MINI_PROGRAM if kind == "miniprogram" else OFFICIAL
