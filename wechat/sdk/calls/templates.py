"""The calls for templates, of template messages and of notices. WeChat reference 9.2 and 10.1."""

from collections.abc import Sequence
from typing import Any

from wechat.sdk.answers import number, rows
from wechat.sdk.client import Client

PAGE = 30


def all_private(client: Client) -> list[dict[str, Any]]:
    """Returns the account's templates.

    Each has ``template_id``, ``title``, ``primary_industry``, ``deputy_industry``, ``content``, ``example``.
    """
    return rows(client.get("/cgi-bin/template/get_all_private_template"), "template_list")


def add_private(client: Client, short_id: str, keywords: Sequence[str]) -> str:
    """Adds a template of the library and returns its id.

    ``keywords`` are the field names of the library template, in the wanted order.
    """
    body = {"template_id_short": short_id, "keyword_name_list": list(keywords)}
    return str(client.post("/cgi-bin/template/api_add_template", body).get("template_id", ""))


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


def intercepted(client: Client, template_id: str, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """Returns the blocked messages of a template.

    Each has ``id``, ``title``, ``content``, ``openid`` and ``send_timestamp``.
    """
    body = {"tmpl_msg_id": template_id, "largest_id": after, "limit": limit}
    found = client.post("/wxa/sec/queryblocktmplmsg", body).get("msginfo") or []
    # The platform's page shows one object; several come as a list.
    return [found] if isinstance(found, dict) else list(found)


def notices(client: Client) -> list[dict[str, Any]]:
    """Returns the account's templates of subscription notices.

    Each has ``priTmplId``, ``title``, ``content``, ``example``, ``type``, 2 for once and 3 for long-term, and
    ``keywordEnumValueList``.
    """
    return rows(client.get("/wxaapi/newtmpl/gettemplate"), "data")


def categories(client: Client) -> list[dict[str, Any]]:
    """Returns ``id`` and ``name`` of the account's service categories."""
    return rows(client.get("/wxaapi/newtmpl/getcategory"), "data")


def library(client: Client, category_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Returns the notices of the public library, thirty a call.

    Each has ``tid``, ``title``, ``type`` and ``categoryId``.
    """
    ids, found, is_last = ",".join(map(str, category_ids)), list[dict[str, Any]](), False
    while not is_last:
        query = {"ids": ids, "start": str(len(found)), "limit": str(PAGE)}
        answer = client.get("/wxaapi/newtmpl/getpubtemplatetitles", query)
        page = rows(answer, "data")
        found += page
        is_last = not page or len(found) >= number(answer, "count")
    return found


def library_keywords(client: Client, tid: str) -> list[dict[str, Any]]:
    """Returns ``kid``, ``name``, ``example`` and ``rule`` of the fields a library notice offers."""
    return rows(client.get("/wxaapi/newtmpl/getpubtemplatekeywords", {"tid": tid}), "data")


def add_notice(client: Client, tid: str, kids: Sequence[int], scene: str) -> str:
    """Adds a notice with 2 to 5 fields and returns its id.

    ``scene`` says in up to 15 characters what it is for.
    """
    body = {"tid": tid, "kidList": list(kids), "sceneDesc": scene}
    return str(client.post("/wxaapi/newtmpl/addtemplate", body).get("priTmplId", ""))


def delete_notice(client: Client, template_id: str) -> None:
    client.post("/wxaapi/newtmpl/deltemplate", {"priTmplId": template_id})
