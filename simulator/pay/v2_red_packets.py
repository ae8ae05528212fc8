"""The old API of red packets: to a person, to a group, and queries (现金红包)."""

from __future__ import annotations

from simulator.pay import moments, ordering, red_packets, v2_xml
from simulator.pay.records.red_packets import RedPacket
from simulator.pay.v2_calls import Fields, V2Call, V2Error, old_api
from simulator.pay.v2_payouts import PASSING, PROMOTION

NEEDED = ("wxappid", "mch_id", "mch_billno", "send_name", "re_openid", "total_amount", "total_num", "wishing",
    "act_name", "remark",
)  # fmt: skip
LONGEST = {"mch_billno": 28, "send_name": 32, "re_openid": 32, "wishing": 128, "act_name": 32, "remark": 256}
LEAST, MOST = 100, 20_000
GROUP_LEAST, GROUP_MOST = 3, 20
SCENES = tuple(f"PRODUCT_{number}" for number in range(1, 9))


@old_api(f"{PROMOTION}/sendredpack", certificate=True, appid_field="wxappid", signed=False)
def send(call: V2Call) -> Fields:
    call.need(*NEEDED, "client_ip")
    if call.fields["total_num"] != "1":
        raise V2Error("PARAM_ERROR", "total_num参数格式错误")
    return sent(call, 1, is_group=False)


@old_api(f"{PROMOTION}/sendgroupredpack", certificate=True, appid_field="wxappid", signed=False)
def send_to_group(call: V2Call) -> Fields:
    """Sends a red packet to a group: the first portion is the recipient's, the others are anybody's."""
    call.need(*NEEDED, "amt_type")
    count = call.amount("total_num")
    if not GROUP_LEAST <= count <= GROUP_MOST or call.fields["amt_type"] != "ALL_RAND":
        raise V2Error("PARAM_ERROR", "total_num或amt_type参数格式错误")
    return sent(call, count, is_group=True)


def sent(call: V2Call, count: int, *, is_group: bool) -> Fields:
    """Sends a red packet.

    A repeated number is the same packet; with other parameters it is refused.
    """
    call.check_lengths(LONGEST)
    fields, total = call.fields, call.amount("total_amount")
    terms = ordering.digest({name: fields[name] for name in fields if name not in PASSING})
    packet = call.merchant.red_packets.get(fields["mch_billno"])
    if packet is None:
        check_amount(call, total, count)
        packet = new_packet(call, total, count, terms)
        packet.is_group = is_group
        red_packets.send(call.runtime, call.merchant, packet)
    elif packet.terms != terms:
        raise V2Error("FATAL_ERROR", "两次请求参数不一致")
    return {
        "mch_billno": packet.mch_billno,
        "re_openid": packet.openid,
        "total_amount": str(packet.total),
        "send_listid": packet.send_listid,
    }


def check_amount(call: V2Call, total: int, count: int) -> None:
    """Checks the amount: 1 to 200 yuan a person; with a scene also more, or less down to one fen.

    Raises PARAM_ERROR, MONEY_LIMIT or NOTENOUGH.
    """
    scene = call.fields.get("scene_id", "")
    if scene not in ("", *SCENES):
        raise V2Error("PARAM_ERROR", "scene_id参数格式错误")
    least, most = (1, total) if scene else (LEAST, MOST)
    if not least * count <= total <= most * count:
        raise V2Error("MONEY_LIMIT", "红包金额发放限制")
    if call.merchant.available < total:
        raise V2Error("NOTENOUGH", "帐号余额不足，请到商户平台充值后再重试")


def new_packet(call: V2Call, total: int, count: int, terms: str) -> RedPacket:
    fields = call.fields
    return RedPacket(
        mch_billno=fields["mch_billno"],
        send_listid=f"1000{call.runtime.world.next_number():028d}",
        appid=fields["wxappid"],
        openid=fields["re_openid"],
        sender=fields["send_name"],
        wishing=fields["wishing"],
        activity=fields["act_name"],
        remark=fields["remark"],
        total=total,
        count=count,
        is_group=False,
        terms=terms,
        made_at=call.now,
        due_at=call.now + red_packets.LIFE,
    )


@old_api(f"{PROMOTION}/gethbinfo", certificate=True, signed=False)
def packet_info(call: V2Call) -> Fields:
    call.need("mch_billno", "bill_type")
    if call.fields["bill_type"] != "MCHT":
        raise V2Error("PARAM_ERROR", "bill_type参数格式错误")
    packet = call.merchant.red_packets.get(call.fields["mch_billno"])
    if packet is None:
        raise V2Error("NOT_FOUND", "指定单号数据不存在")
    refunded = {"refund_time": moments.in_bill(packet.refunded_at), "refund_amount": str(packet.refunded)}
    return {
        "mch_billno": packet.mch_billno,
        "detail_id": packet.send_listid,
        "status": packet.state,
        "send_type": "API",
        "hb_type": "GROUP" if packet.is_group else "NORMAL",
        "total_num": str(packet.count),
        "total_amount": str(packet.total),
        "send_time": moments.in_bill(packet.made_at),
        **(refunded if packet.state == "REFUND" else {}),
        "wishing": packet.wishing,
        "remark": packet.remark,
        "act_name": packet.activity,
        **({"hblist": opened(packet)} if packet.opened else {}),
    }


def opened(packet: RedPacket) -> v2_xml.Markup:
    return v2_xml.Markup(
        "".join(
            v2_xml.write(
                {
                    "openid": each.openid,
                    "status": "RECEIVED",
                    "amount": str(each.amount),
                    "rcv_time": moments.in_bill(each.at),
                },
                "hbinfo",
            )
            for each in packet.opened
        )
    )
