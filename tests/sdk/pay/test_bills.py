import base64
import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from Crypto.Hash import SHA1
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.pay.vectors import BILLS, VECTORS, all_platform_keys, headers
from wechat.sdk.pay import bills, verifying
from wechat.sdk.pay.bill_files import BillReader
from wechat.sdk.pay.errors import BillDamaged
from wechat.sdk.pay.money import fen, yuan

ALL = BILLS / "tradebill_ALL_2026-03-01.csv"


def read(content: bytes, size: int = 7) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Reads a bill in small pieces, so that every boundary falls somewhere awkward."""
    reader = BillReader(content[at : at + size] for at in range(0, len(content), size))
    return list(reader), dict(reader.summary)


@pytest.mark.parametrize("vector", VECTORS["bills"]["files"], ids=lambda one: Path(one["file"]).name)
def test_a_sample_is_the_file_its_hash_belongs_to_and_its_summary_is_right(vector: dict[str, Any]) -> None:
    content = (BILLS / Path(vector["file"]).name).read_bytes()
    assert SHA1.new(content).hexdigest() == vector["hash_value"]
    rows, summary = read(content)
    if "总交易单数" in summary:
        assert int(summary["总交易单数"]) == len(rows)
        assert fen(summary["订单总金额"]) == sum(fen(row["订单金额"]) for row in rows)
        fees = sum(Decimal(row["手续费"]) for row in rows)
        assert Decimal(summary["手续费总金额"]) == fees
    else:
        assert int(summary["资金流水总笔数"]) == len(rows)
        income = sum(fen(row["收支金额(元)"]) for row in rows if row["收支类型"] == "收入")
        assert fen(summary["收入金额"]) == income


def test_a_byte_order_mark_and_other_line_ends_change_nothing() -> None:
    assert read(ALL.read_bytes()) == read((BILLS / "tradebill_ALL_2026-03-01_bom_lf.csv").read_bytes())


@pytest.mark.parametrize("first", [0, 1, 2, 3])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_encoding_is_told_by_the_names_of_the_columns_however_the_file_is_cut(
    encoding: str, first: int
) -> None:
    text = "应结订单金额,备注\r\n`a,`付款\r\n"
    content = text.encode(encoding)
    rows = list(BillReader(iter([content[:first], b"", content[first:]])))
    assert rows == [{"应结订单金额": "a", "备注": "付款"}]


def test_a_comma_or_a_quote_inside_a_text_is_part_of_it() -> None:
    rows, _summary = read('名称,备注\r\n`a,"b",`"c, d"\r\n'.encode())
    assert rows == [{"名称": 'a,"b"', "备注": '"c, d"'}]


@pytest.mark.parametrize("name", ["年卡,`赠品", "年卡\n`赠品", "年卡,`\n,`赠品"])
def test_whatever_stands_in_the_name_of_goods_moves_no_amount(name: str) -> None:
    rest = "`2026-03-01 10:00:00,`{},`{},`0.60\n"
    content = f"交易时间,商品名称,商户数据包,手续费\n{rest.format(name, 'x')}{rest.format('茶', 'y')}"
    rows, _summary = read(content.encode())
    assert [(row["商品名称"], row["商户数据包"], row["手续费"]) for row in rows] == [
        (name, "x", "0.60"),
        ("茶", "y", "0.60"),
    ]


def test_line_ends_inside_a_text_are_part_of_it() -> None:
    rows, summary = read(
        "名称,备注,金额\r\n`卡\r\n\r\n两张,三,`\r\n,`1.00\r\n`b,`,`2.00\r\n总数\r\n`2\r\n".encode()
    )
    assert rows == [
        {"名称": "卡\n\n两张,三", "备注": "\n", "金额": "1.00"},
        {"名称": "b", "备注": "", "金额": "2.00"},
    ]
    assert summary == {"总数": "2"}


@pytest.mark.parametrize(
    ("cut", "shown"),
    [(b"\xe5\x8d", "\ufffd"), (b"\xed\xa0\xbd\xed\xb8\x80", "😀"), (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd")],
)
def test_a_name_that_is_cut_inside_of_a_character_is_read_as_far_as_it_can_be(cut: bytes, shown: str) -> None:
    rows, _summary = read("名称,金额\r\n`卡".encode() + cut + b",`1.00\r\n`b,`2.00\r\n")
    assert rows == [{"名称": f"卡{shown}", "金额": "1.00"}, {"名称": "b", "金额": "2.00"}]
    rows, _summary = read("名称\n`卡".encode("gb18030") + b"\xbf\n`b\n")
    assert (len(rows), rows[0]["名称"][0]) == (2, "卡")


def test_a_missing_summary_leaves_the_rows() -> None:
    lines = ALL.read_bytes().splitlines(keepends=True)
    rows, summary = read(b"".join(lines[:-2]))
    assert (len(rows), summary) == (6, {})


def test_full_width_brackets_are_the_same_column() -> None:
    assert read("收支金额（元）\n`1.00\n".encode())[0] == [{"收支金额(元)": "1.00"}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"`1,`2\n",
        "甲,乙\n`1\n".encode(),
        "甲,乙\n`1,`2,`3\n".encode(),
        "甲\n`1\n总\n`1\n`2\n".encode(),
        "甲\n`1\n总\n".encode(),
        b"\xff\xfe",
        b"a" * 200_000,
    ],
)
def test_what_is_no_bill_is_refused(content: bytes) -> None:
    with pytest.raises(BillDamaged):
        read(content, size=1000)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_in_another_way(content: bytes) -> None:
    try:
        read(b"a,b\n" + content)
    except BillDamaged:
        return


def test_the_recorded_download_unpacks_to_the_file_it_is_said_to_be() -> None:
    recorded = VECTORS["bills"]["apply_answer"]
    body = recorded["body"].encode()
    verifying.check(all_platform_keys(), headers(recorded), body, recorded["now"])
    packed = base64.b64decode(VECTORS["bills"]["download_answer"]["body_base64"])
    content = b"".join(bills._unpacked(iter([packed[:10], packed[10:]])))
    assert SHA1.new(content).hexdigest() == json.loads(body)["hash_value"]


def test_plain_text_passes_as_it_is_and_a_broken_gzip_does_not() -> None:
    assert b"".join(bills._unpacked(iter([b"abc", b"def"]))) == b"abcdef"
    with pytest.raises(BillDamaged):
        list(bills._unpacked(iter([b"\x1f\x8b", b"nonsense" * 9])))


@pytest.mark.parametrize("size", [1, 30, 1_000])
def test_a_file_that_was_packed_in_parts_is_unpacked_whole(size: int) -> None:
    packed = b"".join(map(gzip.compress, [b"abc", b"", b"def" * 50_000, b"g"])) + b"\0" * 7
    pieces = (packed[at : at + size] for at in range(0, len(packed), size))
    assert b"".join(bills._unpacked(pieces)) == b"abc" + b"def" * 50_000 + b"g"


def test_a_small_file_that_unpacks_to_a_large_one_is_never_held_whole() -> None:
    def packed() -> Iterator[bytes]:
        yield gzip.compress(b"a" * 50_000_000)

    assert max(len(piece) for piece in bills._unpacked(packed())) <= bills.PIECE


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.01", 1),
        ("1234.56", 123456),
        ("0", 0),
        ("-3.00", -300),
        (" 1.5 ", 150),
        ("1,000.00", 100_000),
        ("-1,234,567.80", -123_456_780),
    ],
)
def test_yuan_become_fen(text: str, amount: int) -> None:
    assert fen(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.001",
        "1e400",
        "1e2",
        "1_0",
        "１２",
        "+1",
        ".",
        "0." + "0" * 40,
        "NaN",
        "Infinity",
        "十元",
        "1,00.00",
        "1,000,00",
    ],
)
def test_what_is_no_whole_number_of_fen_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        fen(text)


@given(st.integers(-(10**14), 10**14))
def test_fen_survive_the_way_there_and_back(amount: int) -> None:
    assert fen(yuan(amount)) == amount
