"""The calls about the account itself: reachability, addresses, quotas, settings of the platform's own page.

WeChat reference 4.3 to 4.6.
"""

from typing import Any, Literal

from wechat.sdk.answers import part, texts
from wechat.sdk.client import Client

Action = Literal["all", "dns", "ping"]
Operator = Literal["DEFAULT", "CHINANET", "UNICOM", "CAP"]


def callback_check(client: Client, action: Action = "all", operator: Operator = "DEFAULT") -> dict[str, Any]:
    """Makes the platform test our callback's host; returns ``{"dns": [...], "ping": [...]}``.

    Raises ApiError 40201 without a URL.
    """
    return client.post("/cgi-bin/callback/check", {"action": action, "check_operator": operator})


def api_domain_ips(client: Client) -> list[str]:
    """Returns the addresses of the API host."""
    return _addresses(client.get("/cgi-bin/get_api_domain_ip"))


def callback_ips(client: Client) -> list[str]:
    """Returns the addresses and networks (CIDR) that pushes come from."""
    return _addresses(client.get("/cgi-bin/getcallbackip"))


def quota_get(client: Client, cgi_path: str) -> dict[str, Any]:
    """Returns the quota of a call.

    ``{"quota": {"daily_limit", "used", "remain"}, "rate_limit": {"call_count", "refresh_second"}, ...}``.
    """
    return client.post("/cgi-bin/openapi/quota/get", {"cgi_path": cgi_path})


def clear_quota(client: Client) -> None:
    """Sets all daily counters to zero; ten times a month, after that ApiError 48006."""
    client.post("/cgi-bin/clear_quota", {"appid": client.appid})


def rid_get(client: Client, rid: str) -> dict[str, Any]:
    """Returns the request behind the request id of an error, within seven days.

    ``{"invoke_time", "cost_in_ms", "request_url", "request_body", "response_body", "client_ip"}``. 76001 to
    76004 for a number that is none, of another account, or too old.
    """
    return part(client.post("/cgi-bin/openapi/rid/get", {"rid": rid}), "request")


def current_autoreply_info(client: Client) -> dict[str, Any]:
    """Returns the auto-reply rules made on the platform's own page.

    ``is_add_friend_reply_open``, ``is_autoreply_open``; ``add_friend_autoreply_info`` and
    ``message_default_autoreply_info`` hold ``{type, content}``; ``keyword_autoreply_info.list`` holds rules
    of ``{rule_name, create_time, reply_mode, keyword_list_info, reply_list_info}``, where ``reply_mode`` is
    reply_all or random_one and a keyword's ``match_mode`` contain or equal. Absent parts are not set.
    """
    return client.get("/cgi-bin/get_current_autoreply_info")


def _addresses(answer: dict[str, Any]) -> list[str]:
    return texts(answer, "ip_list")
