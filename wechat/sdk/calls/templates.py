"""The calls for templates, of template messages and of notices. WeChat reference 9.2 and 10.1."""

from collections.abc import Sequence
from typing import Any

from wechat.sdk.answers import LARGEST, length, needed_rows, number, part, rows, text
from wechat.sdk.client import Client

PAGE = 30


def all_private(client: Client) -> list[dict[str, Any]]:
    """Returns the account's templates.

    Each has ``template_id``, ``title``, ``primary_industry``, ``deputy_industry``, ``content``, ``example``.
    """
    api = "/cgi-bin/template/get_all_private_template"
    return needed_rows(client.get(api), "template_list", api)


def add_private(client: Client, short_id: str, keywords: Sequence[str]) -> str:
    """Adds a template of the library and returns its id.

    ``keywords`` are the field names of the library template, in the wanted order.
    """
    body = {"template_id_short": short_id, "keyword_name_list": list(keywords)}
    return text(client.post("/cgi-bin/template/api_add_template", body), "template_id")


def delete_private(client: Client, template_id: str) -> None:
    client.post("/cgi-bin/template/del_private_template", {"template_id": template_id})


def industry(client: Client) -> dict[str, Any]:
    """Returns ``primary_industry`` and ``secondary_industry``, each ``{"first_class", "second_class"}``."""
    return client.get("/cgi-bin/template/get_industry")


def set_industry(client: Client, first: int, second: int) -> None:
    """Sets the account's industries, from 1 to 41 (40102), once a month (43100).

    Templates of a former industry are deleted.
    """
    body = {"industry_id1": str(first), "industry_id2": str(second)}
    client.post("/cgi-bin/template/api_set_industry", body)


def intercepted(client: Client, template_id: str) -> list[dict[str, Any]]:
    """Returns the first hundred blocked messages of a template.

    Each has ``id``, ``title``, ``content``, ``openid`` and ``send_timestamp``.
    """
    body = {"tmpl_msg_id": template_id, "largest_id": 0, "limit": 100}
    answer = client.post("/wxa/sec/queryblocktmplmsg", body)
    # The platform's page shows one object; several come as a list.
    only = part(answer, "msginfo")
    return [only] if only else rows(answer, "msginfo")


def notices(client: Client) -> list[dict[str, Any]]:
    """Returns the account's templates of subscription notices.

    Each has ``priTmplId``, ``title``, ``content``, ``example``, ``type``, 2 for once and 3 for long-term, and
    ``keywordEnumValueList``.
    """
    api = "/wxaapi/newtmpl/gettemplate"
    return needed_rows(client.get(api), "data", api)


def categories(client: Client) -> list[dict[str, Any]]:
    """Returns ``id`` and ``name`` of the account's service categories."""
    found = rows(client.get("/wxaapi/newtmpl/getcategory"), "data")
    return [{"id": number(each, "id"), "name": text(each, "name")} for each in found if number(each, "id")]


def library(client: Client, category_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Returns the notices of the public library, thirty a call.

    Each has ``tid``, ``title``, ``type`` and ``categoryId``.
    """
    ids, found = ",".join(map(str, category_ids)), list[dict[str, Any]]()
    start, is_last = 0, False
    while not is_last:
        query = {"ids": ids, "start": str(start), "limit": str(PAGE)}
        answer = client.get("/wxaapi/newtmpl/getpubtemplatetitles", query)
        found += [
            {**each, "tid": text(each, "tid"), "title": text(each, "title"), "type": number(each, "type")}
            for each in rows(answer, "data")
            if text(each, "tid")
        ]
        start += length(answer, "data")
        is_last = not length(answer, "data") or start >= number(answer, "count", LARGEST)
    return found


def library_keywords(client: Client, tid: str) -> list[dict[str, Any]]:
    """Returns ``kid``, ``name``, ``example`` and ``rule`` of the fields a library notice offers."""
    found = rows(client.get("/wxaapi/newtmpl/getpubtemplatekeywords", {"tid": tid}), "data")
    return [
        {"kid": number(each, "kid"), **{name: text(each, name) for name in ("name", "example", "rule")}}
        for each in found
        if number(each, "kid")
    ]


def add_notice(client: Client, tid: str, kids: Sequence[int], scene: str) -> str:
    """Adds a notice with 2 to 5 fields and returns its id.

    ``scene`` says in up to 15 characters what it is for.
    """
    body = {"tid": tid, "kidList": list(kids), "sceneDesc": scene}
    return text(client.post("/wxaapi/newtmpl/addtemplate", body), "priTmplId")


def delete_notice(client: Client, template_id: str) -> None:
    client.post("/wxaapi/newtmpl/deltemplate", {"priTmplId": template_id})
