"""Tables of any program are read, within limits; what is written is safe to open and can be read again."""

import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests import workbooks
from tests.workbooks import ROWS, WRITERS
from wechat.console.tables import writing
from wechat.console.tables.cells import Value
from wechat.console.tables.limits import SheetLimits, UnreadableTable
from wechat.console.tables.reading import rows_of
from wechat.sdk.text import clean, without_unseen

TEXT = "OpenID,备注\noPerson,王女士\n"


def read(body: bytes, limits: SheetLimits | None = None) -> list[list[str]]:
    return list(rows_of(io.BytesIO(body), limits or SheetLimits()))


@pytest.mark.parametrize("writer", WRITERS)
def test_a_workbook_of_any_program_is_read_the_same(writer: Callable[[], bytes]) -> None:
    assert [[cell.strip() for cell in row] for row in read(writer())] == ROWS


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"]
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_text_is_read_in_its_encoding(encoding: str, delimiter: str) -> None:
    body = TEXT.replace(",", delimiter).encode(encoding)
    assert read(body) == [["OpenID", "备注"], ["oPerson", "王女士"]]


PEOPLE = [["OpenID", "备注"], ["oPerson", "王女士"]]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (TEXT.replace("\n", "\r").encode("gbk"), PEOPLE),
        ("\ufeff\ufeff".encode() + TEXT.encode(), PEOPLE),
        (TEXT.encode() + b"o\0B\n", [*PEOPLE, ["oB"]]),
        (TEXT.encode("gbk") + b"o\0B\n", [*PEOPLE, ["oB"]]),
        (TEXT.encode()[:-3] + b"\n", [PEOPLE[0], ["oPerson", "王女\ufffd"]]),
        (f"\ufeff{TEXT}".encode("utf-16-be") + b"\n", [*PEOPLE, ["\ufffd"]]),
        (f"{TEXT}oB\noC,a,b\n,,\n".encode(), [*PEOPLE, ["oB"], ["oC", "a", "b"], ["", "", ""]]),
        (f"{TEXT}oB,𠮷野家😀\n".encode("gb18030"), [*PEOPLE, ["oB", "𠮷野家😀"]]),
        (f"sep=|\n{TEXT}".replace(",", "|").encode(), PEOPLE),
        (TEXT.replace(",", "，").encode(), PEOPLE),
        (f"周末活动\n\n{TEXT}".replace(",", "\t").encode(), [["周末活动"], [], *PEOPLE]),
        ("OpenID\noA，oB\n".encode(), [["OpenID"], ["oA，oB"]]),
        (f'{TEXT}"oB","a,""b""\nc"'.encode(), [*PEOPLE, ["oB", 'a,"b"\nc']]),
        (b'"OpenID", "name"\n"oB", "a, b"\n', [["OpenID", "name"], ["oB", "a, b"]]),
        (f"{TEXT}oB,😀\n".encode("utf-32"), [*PEOPLE, ["oB", "😀"]]),
        (TEXT.encode() + b"oB,\xed\xa0\xbd\xed\xb8\x80\n", [*PEOPLE, ["oB", "😀"]]),
        (TEXT.encode("gbk") + b"oB,\x8050\n", [*PEOPLE, ["oB", "\ufffd50"]]),
        (f"{TEXT}\u202aoB\u202c,\u200b\n".encode(), [*PEOPLE, ["oB", ""]]),
        (TEXT.encode() + b'="oB","=""0012"""\n', [*PEOPLE, ["oB", "0012"]]),
        (TEXT.encode() + b"oB,'13800000000\n", [*PEOPLE, ["oB", "13800000000"]]),
    ],
    ids=[
        "line ends of old Macs", "two marks", "a zero", "a zero in GBK", "a cut character", "half a unit",
        "ragged", "four bytes a character", "another separator", "wide commas",
        "a title above tabs", "a wide comma in a cell", "quotes and no last line end", "quotes behind blanks",
        "four bytes a unit",
        "an emoji in two halves", "the euro of Windows in GBK", "unseen characters", "digits as formulas",
        "digits behind an apostrophe",
    ],
)  # fmt: skip
def test_a_text_that_is_not_as_it_should_be_is_read_as_far_as_it_can_be(
    body: bytes, rows: list[list[str]]
) -> None:
    assert read(body) == rows


def test_an_emoji_in_two_halves_is_one_wherever_the_buffer_ends() -> None:
    body = "oA,好\n".encode() + b"x\xed\xa0\xbd\xed\xb8\x80" * 40_000
    assert read(body)[1] == ["x😀" * 40_000]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("用戶OpenID,備註\noA,臺北門市的陳先生\n", "big5"),
        ("用戶OpenID,備註\noA,旺角門市啲客戶要發票\n", "big5hkscs"),
        ("用戶OpenID,備註\noA,臺北門市的陳先生\n", "gbk"),
        ("OpenID,备注\noA,朱镕、李喆、陶珺\n", "gbk"),
        ("OpenID,备注\noA,王\n", "gb18030"),
    ],
)
def test_traditional_and_simplified_chinese_are_told_apart(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == [line.split(",") for line in text.splitlines()]


@pytest.mark.parametrize(
    "page",
    ["<html><table><tr><td>OpenID</td></tr></table></html>", '\ufeff<?xml version="1.0"?>\n<Workbook/>'],
)
def test_a_page_that_is_called_a_table_is_refused_with_what_to_do(page: str) -> None:
    with pytest.raises(UnreadableTable, match=r"Excel.*\.xlsx"):
        read(page.encode())


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rows_after_it() -> None:
    with pytest.raises(UnreadableTable, match="3"):
        read(f'{TEXT}oB,"abc\noC,d\noD,e\n'.encode())


@pytest.mark.parametrize("first_line", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gbk"])
def test_the_line_that_tells_excel_what_parts_the_cells_is_none_of_the_table(
    first_line: str, encoding: str
) -> None:
    body = f"{first_line}{TEXT.replace(',', ';')}a,b;c\n".encode(encoding)
    assert read(body) == [["OpenID", "备注"], ["oPerson", "王女士"], ["a,b", "c"]]


def test_chinese_after_a_megabyte_of_letters_decides_the_encoding_as_well() -> None:
    body = ("openid\n" + "oPerson\n" * 200_000 + "备注\n").encode("gb18030")
    assert read(body)[-1] == ["备注"]


def test_a_byte_that_is_lost_costs_its_character_and_no_other() -> None:
    body = TEXT.encode() + "李先生与二十位朋友\n".encode()[:-4] + b"\xe5\n"
    assert read(body)[-1] == ["李先生与二十位朋\ufffd"]


@pytest.mark.parametrize("body", [b"\0\0", bytes(range(128, 256)) * 3, b"a\0\0b"])
def test_what_is_no_text_is_no_table(body: bytes) -> None:
    with pytest.raises(UnreadableTable):
        read(body)


@pytest.mark.parametrize(("name", "body"), workbooks.hostile().items())
def test_a_file_that_would_cost_much_is_refused(name: str, body: bytes) -> None:
    with pytest.raises(UnreadableTable) as refused:
        read(body)
    assert str(refused.value).endswith((".", "。"))


CSV = b"a,b,c\n" * 10


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (CSV, SheetLimits(rows=9)),
        (CSV, SheetLimits(columns=2)),
        (CSV, SheetLimits(unpacked=29)),
        (CSV, SheetLimits(seconds=0)),
        (workbooks.excel(), SheetLimits(rows=1)),
        (workbooks.excel(), SheetLimits(columns=3)),
        (workbooks.excel(), SheetLimits(unpacked=2000)),
        (workbooks.excel(), SheetLimits(seconds=0)),
        (b"," * (2 << 20), SheetLimits(columns=10**9)),
        (b'"a\n",' * 300_000, SheetLimits(columns=10**9)),
        (b'"' + b"x" * 200_000, SheetLimits()),
    ],
)
def test_each_limit_ends_the_reading(body: bytes, limits: SheetLimits) -> None:
    with pytest.raises(UnreadableTable):
        read(body, limits)


def test_a_size_that_is_claimed_is_believed_before_anything_is_unpacked() -> None:
    """The part says that it has 300 MB, and has none: only its first bytes would tell."""
    data = bytearray(workbooks.of_excel("<row/>"))
    entry = data.rindex(b"xl/worksheets/sheet1.xml")
    data[entry - 22 : entry - 18] = (300 << 20).to_bytes(4, "little")
    assert zipfile.ZipFile(io.BytesIO(data)).getinfo("xl/worksheets/sheet1.xml").file_size == 300 << 20
    with pytest.raises(UnreadableTable, match=r"large|过大"):
        read(bytes(data))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("13800000000.0", "13800000000"),
        ("1.38E10", "13800000000"),
        ("19.989999999999998", "19.99"),
        ("4200001234567890123", "4200001234567890123"),
        ("4.2000012345678901E+18", "4.20000123456789e+18"),
        ("-0.5", "-0.5"),
        ("nan", "nan"),
    ],
)
def test_a_number_is_read_as_people_see_it(raw: str, text: str) -> None:
    assert read(workbooks.of_excel(f"<row><c><v>{raw}</v></c></row>")) == [[text]]


@pytest.mark.parametrize(
    ("raw", "text"),
    [("32994", "1990-05-01"), ("32994.5", "1990-05-01 12:00:00"), ("0.5", "12:00:00"), ("9e99", "9e+99")],
)
def test_a_day_is_read_as_a_day(raw: str, text: str) -> None:
    assert read(workbooks.of_excel(f'<row><c s="1"><v>{raw}</v></c></row>')) == [[text]]


@pytest.mark.parametrize(
    ("code", "raw", "text"),
    [
        ("0%", "0.28999999999999998", "29%"),
        ("0%", "0.155", "15.5%"),
        ("0.00%", "0.1", "10.00%"),
        ("0.00", "128", "128.00"),
        ("0.00", "-0.5", "-0.50"),
        ("0", "12.5", "12.5"),
        ("0000", "12", "0012"),
        ("00000000000000000", "4200001234567890123", "4200001234567890123"),
        ("#,##0.00", "1234.5", "1234.50"),
        ('"¥"#,##0.00;[Red]"¥"-#,##0.00', "88", "88.00"),
        ("_ [$￥-804]* #,##0.00_ ;_ @_ ", "88.1", "88.10"),
        ('0.0"元"', "3", "3.0"),
        ("#", "0", "0"),
        ('0,"K"', "12000", "12000"),
        ("# ?/?", "0.5", "0.5"),
        ("0.00E+00", "12345", "12345"),
        ("General", "12.50", "12.5"),
        ("@", "12", "12"),
        ("[h]:mm", "1.1458333333333333", "27:30:00"),
        ("0.00", "n/a", "n/a"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it_and_loses_no_digit(code: str, raw: str, text: str) -> None:
    body = workbooks.of_excel(f'<row><c s="2"><v>{raw}</v></c></row>', formats=[code])
    assert read(body) == [[text]]


def test_a_built_in_format_counts_like_its_own_code() -> None:
    made, data = Workbook(), io.BytesIO()
    sheet: Any = made.active
    sheet.append([0.15, 12, 1234.5, 0.5])
    for cell, code in zip("ABCD", ("0%", "0.00", "#,##0.00", "[h]:mm:ss"), strict=True):
        sheet[f"{cell}1"].number_format = code
    made.save(data)
    assert read(data.getvalue()) == [["15%", "12.00", "1234.50", "12:00:00"]]


def test_rows_that_a_filter_hides_are_not_taken_for_shown() -> None:
    rows = '<row hidden="1"><c s="1"/></row><row><c><v>1</v></c></row>'
    assert read(workbooks.of_excel(rows)) == [[], ["1"]]
    with pytest.raises(UnreadableTable, match="3"):
        read(workbooks.of_excel(f'{rows}<row hidden="1"><c><v>2</v></c></row>'))


def test_cells_that_are_merged_with_those_below_are_to_be_split() -> None:
    rows = "".join(f"<row><c><v>{number}</v></c><c><v>1</v></c></row>" for number in range(3))
    across = (
        '<mergeCells><mergeCell ref="A1:B1"/><mergeCell ref="A1:B2"/><mergeCell ref="A3:A9"/></mergeCells>'
    )
    assert len(read(workbooks.of_excel(rows, after=across))) == 3
    with pytest.raises(UnreadableTable, match="A2:A3"):
        read(workbooks.of_excel(rows, after='<mergeCells><mergeCell ref="A2:A3"/></mergeCells>'))


def test_rows_that_are_left_out_count() -> None:
    rows = '<row r="3"><c r="B3"><v>1</v></c></row><row r="9"><c r="A9" s="1"/></row>'
    assert read(workbooks.of_excel(rows)) == [[], [], ["", "1"]]


@pytest.mark.parametrize("kind", ["s", "n", "b", "str", "inlineStr", "d"])
def test_a_cell_without_a_value_is_empty(kind: str) -> None:
    rows = f'<row><c><v>1</v></c><c t="{kind}"><v/></c><c t="{kind}"/><c><v>2</v></c></row>'
    assert read(workbooks.of_excel(rows)) == [["1", "", "", "2"]]


def test_a_formula_counts_by_its_result_and_without_one_is_told() -> None:
    known = '<row><c t="str"><f>A2</f><v>oA</v></c><c t="str"><f>A3</f><v></v></c></row>'
    assert read(workbooks.of_excel(known)) == [["oA"]]
    for unknown in ("<f>A2</f>", "<f>A2</f><v/>"):
        with pytest.raises(UnreadableTable, match="2"):
            read(workbooks.of_excel(f"{known}<row><c><v>1</v></c><c>{unknown}</c></row>"))


def test_what_a_program_left_to_excel_to_calculate_is_no_result() -> None:
    row = "<row><c><f>SUM(B1:B9)</f><v>0</v></c></row>"
    assert read(workbooks.of_excel(row)) == [["0"]]
    with pytest.raises(UnreadableTable, match="1"):
        read(workbooks.of_excel(row, calculation='<calcPr fullCalcOnLoad="1"/>'))


def test_a_hidden_sheet_is_not_the_open_one() -> None:
    made = Workbook()
    hidden: Any = made.active
    hidden.append(["名单以外"])
    hidden.sheet_state = "hidden"
    made.create_sheet().append(["OpenID"])
    data = io.BytesIO()
    made.active = 0
    made.save(data)
    assert read(data.getvalue()) == [["OpenID"]]


def test_control_characters_stay_outside() -> None:
    rows = '<row><c t="inlineStr"><is><t>a_x0007__x000B_b_x000A_c</t></is></c></row>'
    assert read(workbooks.of_excel(rows)) == [["ab\nc"]]
    assert read(b"a\x0bb\x14,\x7fc\n") == [["ab", "c"]]


# --- writing


def as_csv(*rows: list[Value]) -> str:
    return b"".join(writing.csv_parts(rows)).decode("utf-8-sig")


def as_workbook(*rows: list[Value]) -> bytes:
    file = io.BytesIO()
    writing.write_workbook([("名单", rows)], file)
    return file.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "=cmd()",
        "+1",
        "-1",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        "＝cmd()",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u3000＝1",
        "\x0b=1",
    ],
)
def test_no_text_is_a_formula(text: str) -> None:
    clean = text.replace("\x0b", "")
    assert as_csv([text]).strip().strip('"').startswith("'")
    sheet = load_workbook(io.BytesIO(as_workbook([text]))).active
    assert sheet is not None
    assert (sheet["A1"].data_type, sheet["A1"].value) == ("s", f"'{clean}")


def test_numbers_are_numbers_and_long_ids_are_texts() -> None:
    row: list[Value] = ["名称", 12, Decimal("-10.50"), 10**18, "4200001234567890123", None]
    assert as_csv(row) == "名称,12,-10.50,'1000000000000000000,'4200001234567890123,\r\n"
    sheet = load_workbook(io.BytesIO(as_workbook(["name"], row))).active
    assert sheet is not None
    cells = list(sheet[2])
    assert [cell.value for cell in cells[:5]] == [
        "名称",
        12,
        -10.5,
        "1000000000000000000",
        "4200001234567890123",
    ]
    assert [cell.data_type for cell in cells[:5]] == ["s", "n", "n", "s", "s"]
    assert cells[2].number_format == "0.00"


def test_a_million_rows_and_one_begin_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_ROWS", 2)
    book = load_workbook(io.BytesIO(as_workbook(["n"], [1], [2], [3], [4], [5])))
    assert [[row[0] for row in sheet.values] for sheet in book.worksheets] == [
        ["n", 1, 2],
        ["n", 3, 4],
        ["n", 5],
    ]


@pytest.mark.parametrize("text", ["oA_x0041_B", "_x000D_x000A_", "a_x005F_x0041_", "_x00e9_", "_x1_"])
def test_a_text_that_looks_like_an_escape_of_excel_stays_what_it_is(text: str) -> None:
    assert read(as_workbook(["OpenID"], [text])) == [["OpenID"], [text]]


@given(st.lists(st.text(st.characters(codec=None), max_size=40), min_size=2, max_size=4))
def test_what_is_written_can_be_read_again_whatever_the_cells_hold(texts: list[str]) -> None:
    texts = [text.lstrip("'") for text in texts]
    row: list[Value] = ["name", *texts]
    kept = [without_unseen(clean(text)) for text in texts]
    assert read(as_csv(row).encode("utf-8", "strict"))[0][1:] == kept
    again = read(as_workbook(row))[0][1:]
    while len(again) < len(kept):
        again.append("")
    assert [text.replace("\r\n", "\n").replace("\r", "\n") for text in again] == [
        text.replace("\r\n", "\n").replace("\r", "\n") for text in kept
    ]
