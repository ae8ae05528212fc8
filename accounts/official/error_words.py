"""The table of the platform's error codes in words for staff, with the next step.

Reference: WeChat reference 16 Error codes.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

# A request that the platform cannot read: nobody who works here can do anything about it.
FAULTS_OF_OURS = (
    40002, 40004, 40008, 40033, 40035, 40038, 40097, 40202, 40203, 41001, 41003, 41005, 41006,
    41007, 41008, 41010, 43001, 43002, 43003, 44001, 44002, 44005, 45067, 45072, 45083, 45084,
    47001, 47002, 61451, 65416, 76021, 76022, 200001, 200016, 200017, 200018, 200019, 9410010,
    9410011, 10060005, 10060006, 10060007, 10060008, 10060009, 10060020, 268485194, 268485195,
    268485196, 268485197, 268485216, 268485224, 268485226, 268485227, 268485228,
)  # fmt: skip
TABLE: tuple[tuple[tuple[int, ...], StrOrPromise], ...] = (
    (
        (-1, 61450, 10060012, 10060019, 268487001, 268487002),
        _("WeChat is busy; it is tried again by itself."),
    ),
    ((40001, 40125), _("The AppSecret is wrong; enter it again in the account's settings.")),
    (
        FAULTS_OF_OURS,
        _(
            "WeChat does not understand the request, which is a fault of this system; tell whoever "
            "runs the server this number."
        ),
    ),
    (
        (40003,),
        _("This OpenID is not of this account, or is no longer a follower; choose somebody who follows it."),
    ),
    ((40005, 40113, 40137), _("WeChat does not take this file format; choose another file.")),
    ((40006, 45001), _("The file is too large for WeChat; make it smaller.")),
    ((40007,), _("WeChat no longer has this file; upload it again.")),
    ((40009,), _("The picture is too large for WeChat; make it smaller.")),
    ((40010,), _("The voice recording is too large for WeChat; make it shorter.")),
    ((40011,), _("The video is too large for WeChat; make it smaller.")),
    ((40012,), _("The cover picture is too large for WeChat; make it smaller.")),
    ((40013,), _("The AppID is wrong; correct it in the account's settings.")),
    ((40014, 42001), _("The access token was over; a new one is fetched by itself. Try again.")),
    ((40015, 40021, 46002, 65308), _("WeChat does not take this menu; save it anew and publish again.")),
    ((40016,), _("A menu has one to three buttons at the top; change their number.")),
    (
        (40017, 40024, 40119, 40120),
        _("WeChat does not take a button of this kind here; choose another kind."),
    ),
    ((40018, 40025), _("The name of a button is empty or too long; change it.")),
    ((40019, 40026), _("What a button sends is empty or too long; save the menu anew.")),
    ((40020, 40027), _("The link of a button is empty or longer than 1,024 bytes; change it.")),
    ((40022,), _("A menu has two levels at most; move the buttons up.")),
    ((40023,), _("A button opens one to five buttons; change their number.")),
    ((40028, 65302), _("WeChat does not know this follower; choose somebody who follows the account.")),
    ((40029, 40163, 42003), _("The sign-in is over or was used already; the person opens the page again.")),
    (
        (40030, 42002, 42007, 50001),
        _("The person has to agree again; they open the page once more in WeChat."),
    ),
    ((40031,), _("One of the OpenIDs is not of this account; choose the followers anew.")),
    ((40032,), _("The list is too long or too short for WeChat; choose other followers.")),
    ((40036,), _("WeChat's library has no template of this number; check the number.")),
    ((40037,), _("The account has no such template, or no longer; read the templates from WeChat again.")),
    ((40039, 45005), _("The link is too long for WeChat; shorten it.")),
    (
        (40048, 40054, 40055, 65317),
        _(
            "WeChat does not allow this domain; add it on WeChat's page (JS接口安全域名 / 业务域名), or take "
            "another link."
        ),
    ),
    ((40050, 40051, 45016, 45017, 45018), _("WeChat no longer has groups; use tags.")),
    ((40052, 40053, 40129, 40169), _("WeChat does not take this QR code's content; make a new code.")),
    ((40059,), _("WeChat does not know this mass send; it was deleted, or is too old.")),
    ((40060, 40114), _("The draft has no article at this place; read the drafts from WeChat again.")),
    ((40062, 45003), _("The title is too long for WeChat; shorten it.")),
    ((40065,), _("The article is in a state in which WeChat does not do this; look at it on WeChat's page.")),
    ((40066,), _("WeChat refused a link; check that it opens and take another one if it does not.")),
    ((40092,), _("The remark is too long for WeChat: less than 30 bytes, about 9 Chinese characters.")),
    ((40102,), _("WeChat does not know this industry; choose another one.")),
    ((40117, 40118, 46001), _("WeChat no longer has the file; upload it again.")),
    ((40121,), _("WeChat shows no file of this kind in a menu; choose another one.")),
    ((40130,), _("A mass send needs two people at least; choose more.")),
    ((40132, 65409), _("WeChat does not know this WeChat ID; check it with the person.")),
    ((40152, 45159), _("WeChat does not know this tag; read the followers from WeChat again.")),
    ((40155,), _("Links to another account's home page are not allowed; take the link out.")),
    ((40164,), _("The server's address is not on the account's IP whitelist; add it there (IP白名单).")),
    (
        (40165, 41030),
        _(
            "The mini program has no such page in its released version; choose another page, or "
            "release it first."
        ),
    ),
    (
        (40166, 45064),
        _("The mini program is not linked to the account; link it on WeChat's page (小程序管理)."),
    ),
    ((40200,), _("Only a verified account (微信认证) may do this.")),
    ((40201,), _("WeChat has no callback address for the account; enter it under 服务器配置.")),
    ((40204,), _("WeChat does not delete this mass send any more.")),
    ((40215,), _("There are too many pictures for WeChat; take some out.")),
    ((40226,), _("WeChat blocks the sign-in of this person because of a high risk.")),
    (
        (40243,),
        _("The AppSecret is frozen; the account's administrator unfreezes it on WeChat's page (基本配置)."),
    ),
    ((40246,), _("A field is not one of those that the library's template offers; choose the fields anew.")),
    ((40247,), _("Old industry templates can no longer be added; choose one of a category.")),
    (
        (40249,),
        _("The message reads like advertising, which WeChat does not allow in templates; change the text."),
    ),
    ((41002, 41004), _("The AppID or the AppSecret is missing; enter both in the account's settings.")),
    ((41009,), _("Nobody was named as the receiver; choose a follower.")),
    ((41028,), _("WeChat no longer sends this old template; choose another one.")),
    ((41039,), _("The address under the article (阅读原文) is not allowed; change it.")),
    ((42010,), _("Mass sends follow each other too quickly; it goes on by itself.")),
    ((43004, 43005, 49003, 50005), _("This person does not follow the account.")),
    ((43019,), _("This follower is on the blacklist.")),
    (
        (43100,),
        _(
            "The industries were changed this month already; WeChat allows it once a month, so wait "
            "for the next one."
        ),
    ),
    ((43101,), _("The follower has not agreed to this notice; ask them to subscribe again.")),
    ((43104, 48008), _("The account may not send this kind of message; ask for it on WeChat's page.")),
    (
        (43107, 200013),
        _("WeChat has banned the notice or its template; look at WeChat's page (站内信) for the reason."),
    ),
    ((43108, 45066, 45169), _("Two calls met each other; it is tried again by itself.")),
    ((43116,), _("WeChat has limited this template; look at WeChat's page for the reason.")),
    ((44003,), _("An article is empty; write something into it.")),
    ((44004,), _("The text is empty; write something.")),
    ((45002,), _("The text is too long for WeChat; make it shorter.")),
    ((45004,), _("The digest is too long for WeChat; shorten it.")),
    ((45006,), _("The address of the picture is too long; choose the picture from the library.")),
    ((45007,), _("The recording is longer than 60 seconds; make it shorter.")),
    ((45008,), _("A message holds exactly one article; take the others out.")),
    (
        (45009,),
        _(
            "The account's calls of today are used up; it goes on after midnight, or once the quotas "
            "are cleared."
        ),
    ),
    ((45010, 65305), _("The account has as many menus as WeChat allows; delete one first.")),
    ((45011,), _("WeChat allows so many calls a minute; it goes on in a minute.")),
    ((45012, 45013, 45014), _("The template message is too long for WeChat; shorten its values.")),
    (
        (45015,),
        _(
            "The follower did nothing lately that allows a message, or no longer follows; wait until "
            "they write."
        ),
    ),
    ((45026,), _("The account has as many templates as it may have (25); delete one first.")),
    (
        (45027,),
        _("The template belongs to another industry; change the industries, or choose another template."),
    ),
    ((45028,), _("The mass sends of this period are used up; send next month, or tomorrow.")),
    ((45029,), _("The account has 100,000 permanent QR codes, the most WeChat allows; make temporary ones.")),
    (
        (45032, 45035, 61004),
        _(
            "The address that the call came from is not allowed; add the server's address to the IP "
            "allow-list."
        ),
    ),
    (
        (45047,),
        _(
            "The messages allowed after the follower's last action are used up; wait until the "
            "follower writes or taps again."
        ),
    ),
    ((45056,), _("The account has 100 tags already, the most WeChat allows; delete one first.")),
    ((45057,), _("More than 100,000 followers have this tag; take it off them first.")),
    ((45058,), _("This tag is WeChat's own and cannot be changed.")),
    ((45059,), _("The follower has 20 tags already, the most WeChat allows; take one off first.")),
    ((45062,), _("The account has an agreement about advertising; send from WeChat's own page.")),
    ((45065,), _("WeChat has this mass send already; nothing was sent twice.")),
    (
        (45080, 45081),
        _("The follower sees already, or cannot see, that somebody is typing; nothing is to be done."),
    ),
    (
        (45087,),
        _(
            "WeChat has blocked the account's customer-service messages; look at WeChat's page for "
            "the reason."
        ),
    ),
    ((45098, 45099), _("The choices of the message are too many or too long; shorten them.")),
    ((45113, 45162), _("WeChat does not mass-send this kind of content; choose another kind.")),
    ((45157,), _("WeChat does not take this name for a tag, or has one of this name already.")),
    ((45158,), _("The tag's name is longer than 30 characters; shorten it.")),
    ((45166, 45168, 87014), _("WeChat refused the words or pictures; change them and try again.")),
    ((45171,), _("It worked for a part of the list; those that failed are tried again.")),
    ((46003, 65303, 65307), _("The account has no menu on WeChat yet; publish the default menu first.")),
    ((46004,), _("WeChat does not know this person; read the followers from WeChat again.")),
    ((47003,), _("A value breaks the rule of its field; correct the values.")),
    ((48001,), _("The account lacks this ability; it may need verification (微信认证).")),
    ((48002,), _("The follower has switched off messages of this account.")),
    (
        (48003,),
        _(
            "The administrator has not accepted the terms of mass sends yet; sign in at "
            "mp.weixin.qq.com and accept them."
        ),
    ),
    (
        (48004, 50004),
        _(
            "WeChat has taken this ability from the account as a punishment; look at WeChat's page "
            "(违规记录)."
        ),
    ),
    ((48005,), _("It is still in use on WeChat's side, in a reply or a menu; take it out there first.")),
    (
        (48006,),
        _("The quotas were cleared ten times this month, the most WeChat allows; wait for the next month."),
    ),
    (
        (48021, 53505),
        _("The draft was saved last by WeChat itself; open and save it on WeChat's page first."),
    ),
    ((48022, 53504), _("This has to be sent or handled on WeChat's own page.")),
    ((50002, 50007), _("The account is frozen or closed; look at WeChat's page.")),
    (
        (53404, 53405, 53406),
        _("The goods in the article are not allowed, or selling is not opened; change it on WeChat's page."),
    ),
    ((53503,), _("WeChat's check of the article failed; correct the draft.")),
    ((53600,), _("WeChat does not know this article; read the drafts from WeChat again.")),
    (
        (61007, 61016),
        _("The permission given to a third party is missing; give it on WeChat's page (授权管理)."),
    ),
    ((61452, 65401), _("WeChat does not know this customer-service account; read the list again.")),
    ((61453, 65406), _("There is a customer-service account of this name already; choose another name.")),
    (
        (61454, 61455, 65404),
        _(
            "WeChat does not take this name for a customer-service account; use letters and digits, "
            "10 at most."
        ),
    ),
    (
        (61456, 65405),
        _("The account has as many customer-service accounts as WeChat allows; delete one first."),
    ),
    ((61457,), _("The picture of a customer-service account must be a JPG; choose another one.")),
    (
        (61500, 61501),
        _("WeChat has no figures for this range of days; choose one that ended yesterday or before."),
    ),
    ((61503,), _("WeChat has not worked the figures out yet; they are read after 8:00.")),
    ((65301,), _("WeChat no longer has this menu; look at the live menu again.")),
    (
        (65304, 65310, 65311, 65312, 65313, 65314, 65320),
        _("WeChat no longer takes the rule for who sees this menu; choose a tag or a platform."),
    ),
    ((65306,), _("The account may not have menus for some followers; it needs verification (微信认证).")),
    ((65309,), _("This feature is switched off on WeChat's page; switch it on there.")),
    ((65316,), _("Menus for some followers may lead to three domains at most; change the links.")),
    ((65400,), _("Customer service is not opened; open it on WeChat's page (客服功能).")),
    ((65402,), _("The customer-service account is bound to nobody; invite a WeChat ID first.")),
    ((65403,), _("The nickname is empty, not allowed, or longer than 16 characters; change it.")),
    ((65407, 65412), _("This person or account is bound already; nothing is to be done.")),
    ((65408, 65411), _("An invitation is on its way already; the person accepts it in WeChat.")),
    ((65410,), _("This person serves as many accounts as WeChat allows; invite another WeChat ID.")),
    ((65413,), _("There is no conversation with this follower any more.")),
    ((65414,), _("Somebody else serves this follower already.")),
    ((65415,), _("The colleague is not online; choose another one.")),
    ((65417,), _("Records of more than 24 hours cannot be asked for at once; choose a shorter time.")),
    ((70000,), _("WeChat refused the message to protect a minor.")),
    ((76001, 76002), _("WeChat does not know this request number; copy all of it.")),
    ((76003,), _("The request number is of another account; switch the account.")),
    ((76004,), _("The request is older than seven days, and WeChat has forgotten it.")),
    ((87009,), _("The person has to sign in again in the mini program.")),
    ((88000,), _("The account may not have comments; it depends on its kind and age.")),
    (
        (89503, 89506, 89507),
        _(
            "WeChat waits for the administrator to confirm the server's address, or has refused it "
            "for a while; confirm it on the phone."
        ),
    ),
    ((89504, 89505), _("The mass send waits for the administrator; confirm it on the phone.")),
    ((200011, 200100), _("The account may not use notices; look at WeChat's page (订阅通知).")),
    ((200012,), _("The account has as many notices as it may have (25); delete one first.")),
    ((200014,), _("WeChat's library has no notice of this number; check the number.")),
    ((200020,), _("Choose two to five of the fields that the notice offers.")),
    ((200021,), _("What it is for may have at most 15 characters.")),
    ((200022,), _("The account has this template already.")),
    ((10060001,), _("WeChat does not know this payment, at least not yet; try again in a while.")),
    ((10060023,), _("WeChat knows this already; nothing has changed.")),
    ((10060024,), _("WeChat takes at most 15 parcels for an order.")),
    ((10060002,), _("WeChat knows the whole order to be shipped already.")),
    ((10060003,), _("WeChat has taken the one correction that it takes.")),
    ((10060004,), _("WeChat does not take it in the state that the payment is in.")),
    ((10060014,), _("WeChat does not take one of the values; check them.")),
    ((10060025,), _("WeChat does not take this short name of a carrier; choose one from the list.")),
    ((10060026,), _("The parcel's number is too long for WeChat; check it.")),
    ((10060031,), _("WeChat says that somebody else has paid this.")),
    ((9410012,), _("The short link is unknown or over; make a new one.")),
)
WORDS: Mapping[int, StrOrPromise] = {code: words for codes, words in TABLE for code in codes}
