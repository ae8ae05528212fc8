"""The workbooks of different programs, all with the same sheet, and some hostile ones."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
# The content of each workbook: a person, 42 in a number cell, 1 May 1990 in a date cell.
OPENID = "oPerson00000"
PHONE = "13800000000"
ROWS = [["OpenID", "鞋码", "生日", "手机"], [OPENID, "42", "1990-05-01", PHONE]]
DAY = "32994"


class _Pipe(io.RawIOBase):
    """A file that cannot seek, so that sizes follow the data of each part, as from a streaming program."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self.data += part
        return len(part)


def packed(parts: Mapping[str, str], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", compression) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return bytes(pipe.data)


def relationships(**targets: str) -> str:
    lines = (
        f'<Relationship Id="{number}" Type="{REL}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{"".join(lines)}</Relationships>'


def book(sheets: str, *, more: str = "", after: str = "", main: str = MAIN) -> str:
    return f'<workbook xmlns="{main}" xmlns:r="{REL}">{more}<sheets>{sheets}</sheets>{after}</workbook>'


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def strings(*texts: str) -> str:
    return f'<sst xmlns="{MAIN}">{"".join(f"<si>{text}</si>" for text in texts)}</sst>'


def of_excel(
    rows: str,
    *,
    shared: str = "",
    compression: int = zipfile.ZIP_DEFLATED,
    formats: Sequence[str] = (),
    after: str = "",
    calculation: str = "",
) -> bytes:
    """Returns a workbook of one sheet in Excel's layout; cells of style 2 and up have the given formats."""
    numbers = range(177, 177 + len(formats))
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relationships(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": book('<sheet name="名单" sheetId="1" r:id="1"/>', after=calculation),
        "xl/_rels/workbook.xml.rels": relationships(
            worksheet="worksheets/sheet1.xml", styles="styles.xml", sharedStrings="sharedStrings.xml"
        ),
        "xl/worksheets/sheet1.xml": sheet(rows, after=after),
        "xl/styles.xml": (
            f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="176" '
            'formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/>'
            + "".join(
                f"<numFmt numFmtId='{number}' formatCode={quoteattr(code)}/>"
                for number, code in zip(numbers, formats, strict=True)
            )
            + '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
            '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="176"/>'
            + "".join(f'<xf numFmtId="{number}"/>' for number in numbers)
            + "</cellXfs></styleSheet>"
        ),
        "xl/sharedStrings.xml": shared or strings("<t>OpenID</t>"),
    }
    return packed(parts, compression=compression)


def excel() -> bytes:
    """Shared strings with runs and reading aids, a Chinese format of days, empty rows to the very end."""
    texts = (
        "<t>OpenID</t>", "<r><t>鞋</t></r><r><rPr/><t>码</t></r>",
        '<t>生日</t><rPh sb="0" eb="2"><t>たん</t></rPh>', "<t>手机</t>",
        f'<t xml:space="preserve"> {OPENID} </t>',
    )  # fmt: skip
    cells = (
        f'<c r="A2" t="s"><v>4</v></c><c r="B2"><v>42</v></c><c r="C2" s="1"><v>{DAY}</v></c>'
        f'<c r="D2"><v>1.38E10</v></c><c r="XFD2" s="1"/>'
    )
    heading = "".join(f'<c r="{letter}1" t="s"><v>{n}</v></c>' for n, letter in enumerate("ABCD"))
    empty = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in (3, 1048576))
    return of_excel(
        f'<row r="1" spans="1:4">{heading}</row><row r="2">{cells}</row>{empty}', shared=strings(*texts)
    )


def libre_office() -> bytes:
    """The open sheet is not the first one; numbers with a point, a built-in Chinese format of days."""
    texts = ("<t>OpenID</t>", "<t>鞋码</t>", "<t>生日</t>", "<t>手机</t>", f"<t>{OPENID}</t>")
    heading = "".join(f'<c r="{letter}1" s="0" t="s"><v>{n}</v></c>' for n, letter in enumerate("ABCD"))
    cells = (
        f'<c r="A2" t="s"><v>4</v></c><c r="B2" t="n"><v>42.0</v></c><c r="C2" s="2" t="n"><v>{DAY}</v></c>'
        f'<c r="D2" t="n"><v>13800000000.0</v></c>'
    )
    parts = {
        "_rels/.rels": relationships(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": book(
            '<sheet name="图表" sheetId="1" r:id="1"/><sheet name="名单" sheetId="2" r:id="2"/>',
            more='<bookViews><workbookView activeTab="1"/></bookViews>',
        ),
        "xl/_rels/workbook.xml.rels": relationships(
            chartsheet="chartsheets/sheet1.xml",
            worksheet="worksheets/sheet2.xml",
            styles="styles.xml",
            sharedStrings="sharedStrings.xml",
        ),
        "xl/worksheets/sheet2.xml": sheet(
            f'<row r="1" ht="12.8">{heading}</row><row r="2">{cells}</row>', before='<dimension ref="A1:D2"/>'
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="0"/>'
        '<xf numFmtId="31"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": strings(*texts),
    }
    return packed(parts)


def streamed() -> bytes:
    """Inline strings, no dimension, no places, no styles, no shared strings: a server that exports."""
    heading = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ROWS[0])
    cells = "".join(
        f'<c t="str"><v>{text}</v></c>' if text == OPENID else f"<c><v>{text}</v></c>" for text in ROWS[1][:2]
    )
    cells += f'<c t="d"><v>1990-05-01T00:00:00</v></c><c><v>{PHONE}</v></c>'
    parts = {
        "_rels/.rels": relationships(officeDocument="/xl/workbook.xml"),
        "xl/workbook.xml": book('<sheet name="Sheet1" sheetId="1" r:id="1"/>'),
        "xl/_rels/workbook.xml.rels": relationships(worksheet="/xl/worksheets/Sheet1.xml"),
        "xl/worksheets/sheet1.xml": sheet(f"<row>{heading}</row><row>{cells}</row>"),
    }
    return packed(parts)


def prefixed() -> bytes:
    """Every name with a prefix, the namespace of strict Open XML, days that count from 1904."""
    heading = "".join(f'<x:c t="inlineStr"><x:is><x:t>{name}</x:t></x:is></x:c>' for name in ROWS[0])
    cells = (
        f'<x:c t="inlineStr"><x:is><x:t>{OPENID}</x:t></x:is></x:c><x:c><x:v>42</x:v></x:c>'
        f'<x:c s="1"><x:v>{int(DAY) - 1462}</x:v></x:c><x:c><x:v>{PHONE}</x:v></x:c>'
    )
    parts = {
        "_rels/.rels": relationships(officeDocument="xl/book.xml"),
        "xl/book.xml": (
            f'<x:workbook xmlns:x="{STRICT}" xmlns:r="{REL}"><x:workbookPr date1904="1"/><x:sheets>'
            '<x:sheet name="a" sheetId="1" r:id="1"/></x:sheets></x:workbook>'
        ),
        "xl/_rels/book.xml.rels": relationships(worksheet="worksheets\\sheet.xml", styles="styles.xml"),
        "xl\\worksheets\\sheet.xml": (
            f'<x:worksheet xmlns:x="{STRICT}"><x:sheetData><x:row>{heading}</x:row><x:row>{cells}</x:row>'
            "</x:sheetData></x:worksheet>"
        ),
        "xl/styles.xml": (
            f'<x:styleSheet xmlns:x="{STRICT}"><x:cellXfs><x:xf/><x:xf numFmtId="14"/></x:cellXfs>'
            "</x:styleSheet>"
        ),
    }
    return packed(parts)


def openpyxl() -> bytes:
    made, data = Workbook(), io.BytesIO()
    written: Any = made.active
    written.append(ROWS[0])
    written.append([OPENID, 42.0, None, 13800000000.0])
    written["C2"].value, written["C2"].number_format = int(DAY), "yyyy-mm-dd"
    made.save(data)
    return data.getvalue()


WRITERS: list[Callable[[], bytes]] = [excel, libre_office, streamed, prefixed, openpyxl]


def of_rows(*rows: list[str]) -> bytes:
    """A workbook as openpyxl writes it, of these rows of its only sheet."""
    whole, body = Workbook(), io.BytesIO()
    assert whole.active is not None
    for row in rows:
        whole.active.append(row)
    whole.save(body)
    return body.getvalue()


def hostile() -> Mapping[str, bytes]:
    """Returns small files that are expensive to read, or no workbooks: each is refused with a message."""
    usual = excel()
    many = "".join(f"<c><v>{n}</v></c>" for n in range(300))
    same = '<c t="s"><v>0</v></c>'
    long = f"<row>{same * 200}</row>" * 100
    entity = '<!DOCTYPE a [<!ENTITY e "OpenID">]>' + sheet("<row><c><v>&e;</v></c></row>")
    crowd = io.BytesIO(usual)
    with zipfile.ZipFile(crowd, "a") as archive:
        for number in range(30_000):
            archive.writestr(f"{number}", b"")
    return {
        "a billion rows": of_excel('<row r="999999999"><c t="inlineStr"><is><t>a</t></is></c></row>'),
        "a place too long": of_excel(f'<row r="{"9" * 5000}"><c><v>1</v></c></row>'),
        "too many columns": of_excel(f"<row>{many}</row>"),
        "a column far away": of_excel('<row r="1"><c r="ZZZZZZZZZ1"><v>1</v></c></row>'),
        "no such string": of_excel('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        "strings of 20 MB": of_excel(
            '<row r="1"><c r="A1" t="s"><v>1499999</v></c></row>', shared=strings(*["<t/>"] * 1_500_000)
        ),
        "a row of a megabyte": of_excel(f"<row>{same * 20}</row>", shared=strings(f"<t>{'a' * 100_000}</t>")),
        "a string in every cell": of_excel(long, shared=strings(f"<t>{'a' * 100_000}</t>")),
        "entities": packed(
            {
                "xl/workbook.xml": book('<sheet name="a" sheetId="1" r:id="1"/>'),
                "xl/_rels/workbook.xml.rels": relationships(worksheet="worksheets/sheet1.xml"),
                "xl/worksheets/sheet1.xml": entity,
            }
        ),
        "an odd compression": of_excel("<row/>", compression=zipfile.ZIP_BZIP2),
        "thirty thousand parts": crowd.getvalue(),
        "no workbook": packed({"hello.txt": "hello"}),
        "a workbook of LibreOffice": packed({"content.xml": "<office:document-content/>"}),
        "a binary workbook": packed({"xl/workbook.bin": ""}),
        "a document of Numbers": packed({"Index/Document.iwa": ""}),
        "cut off": usual[: len(usual) // 2],
        "cut XML": of_excel('<row r="1"><c><v>1</v></row>'),
        "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    }
