"""A Word file becomes the text of an article."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.articles.conftest import picture
from tests.articles.test_pages import ADD, filled
from tests.cast import Cast, signed_in
from wechat.articles.models import Article, Draft
from wechat.materials.models import Asset

pytestmark = pytest.mark.django_db

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DRAWING = (
    '<w:drawing xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><wp:inline>'
    '<a:graphic><a:graphicData><pic:pic><pic:blipFill><a:blip r:embed="r1"/></pic:blipFill></pic:pic>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing>"
)
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="png" ContentType="image/png"/><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>'


def relations(*each: tuple[str, str, str]) -> str:
    links = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for name, kind, target in each
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def docx(body: str, head: str = "", numbering: str = "", styles: str = STYLES) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", TYPES)
        parts.writestr("_rels/.rels", relations(("r1", "officeDocument", "word/document.xml")))
        parts.writestr(
            "word/_rels/document.xml.rels",
            relations(
                ("r1", "image", "media/1.png"),
                ("r2", "styles", "styles.xml"),
                ("r3", "numbering", "numbering.xml"),
            ),
        )
        parts.writestr("word/numbering.xml", f"<w:numbering {W}>{numbering}</w:numbering>")
        parts.writestr("word/styles.xml", f"<w:styles {W}>{styles}</w:styles>")
        parts.writestr("word/media/1.png", picture())
        parts.writestr("word/document.xml", f"{head}<w:document {W}><w:body>{body}</w:body></w:document>")
    return packed.getvalue()


def paragraph(text: str, paragraph_format: str = "", format_: str = "") -> str:
    return f"<w:p><w:pPr>{paragraph_format}</w:pPr><w:r><w:rPr>{format_}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


def imported(staff: Cast, asset: Asset, body: bytes) -> str:
    file = SimpleUploadedFile("周末.docx", body)
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file))
    return page.content.decode() if page.status_code == 200 else ""


def test_a_word_file_becomes_the_text_with_its_pictures(staff: Cast, asset: Asset) -> None:
    body = (
        paragraph("通知", '<w:pStyle w:val="1"/>')
        + paragraph("到店有礼", '<w:jc w:val="center"/>', "<w:b/><w:u w:val='single'/>")
        + paragraph("第二段")
        + f"<w:p><w:r>{DRAWING}</w:r></w:p>"
        + f"<w:tbl><w:tr><w:tc>{paragraph('周六')}</w:tc></w:tr></w:tbl>"
    )
    assert imported(staff, asset, docx(body)) == ""
    kept = Asset.objects.exclude(pk=asset.pk).get()
    assert Article.objects.get().content == (
        '<h1>通知</h1><p style="text-align:center"><strong><u>到店有礼</u></strong></p><p>第二段</p>'
        f'<p><img src="/admin/materials/asset/{kept.pk}/file/"></p>'
        "<table><tbody><tr><td><p>周六</p></td></tr></tbody></table>"
    )


def style(name: str, paragraph_format: str, based_on: str = "", called: str = "", size: str = "") -> str:
    usual = ' w:default="1"' if called == "Normal" else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{name}"{usual}><w:name w:val="{called or name}"/>'
        f'<w:basedOn w:val="{based_on}"/><w:pPr>{paragraph_format}</w:pPr><w:rPr>{size}</w:rPr></w:style>'
    )


@pytest.mark.parametrize(
    ("paragraph_format", "kept"),
    [
        ('<w:ind w:firstLine="420" w:firstLineChars="200"/>', "text-indent:2em"),
        ('<w:ind w:firstLineChars="200"/>', "text-indent:2em"),
        ('<w:ind w:firstLine="480"/><w:jc w:val="right"/>', "text-align:right;text-indent:2em"),
        ('<w:ind w:firstLine="0" w:firstLineChars="0"/>', ""),
        ('<w:ind w:hanging="420"/>', ""),
        ('<w:pStyle w:val="正文缩进"/>', "text-align:center;text-indent:2em"),
        (
            '<w:pStyle w:val="正文缩进"/><w:jc w:val="left"/><w:ind w:firstLineChars="300"/>',
            "text-indent:3em",
        ),
        ('<w:pStyle w:val="正文缩进"/><w:jc w:val="left"/><w:ind w:hanging="420"/>', ""),
        ('<w:pStyle w:val="大"/>', "text-indent:1em"),
        ('<w:pStyle w:val="大"/><w:ind w:firstLine="99999"/>', "text-indent:10em"),
    ],
)
def test_a_first_line_is_indented_and_a_paragraph_aligned_as_word_shows_it(
    staff: Cast, asset: Asset, paragraph_format: str, kept: str
) -> None:
    styles = (
        style("a", '<w:jc w:val="both"/>', called="Normal", size='<w:sz w:val="24"/>')
        + style("缩进", '<w:ind w:firstLine="480" w:firstLineChars="200"/>', "正文缩进")
        + style("正文缩进", '<w:jc w:val="center"/>', "缩进")
        + style("大", '<w:ind w:firstLine="480"/>', size='<w:sz w:val="48"/>')
    )
    assert imported(staff, asset, docx(paragraph("到店有礼", paragraph_format), styles=styles)) == ""
    shown = f' style="{kept}"' if kept else ""
    assert Article.objects.get().content == f"<p{shown}>到店有礼</p>"


def test_a_heading_in_the_middle_is_kept_there(staff: Cast, asset: Asset) -> None:
    styles = style("1", '<w:jc w:val="center"/>', called="heading 1")
    body = paragraph("通知", '<w:pStyle w:val="1"/>') + paragraph("正文")
    assert imported(staff, asset, docx(body, styles=styles)) == ""
    assert Article.objects.get().content == '<h1 style="text-align:center">通知</h1><p>正文</p>'


def test_empty_lines_between_paragraphs_are_kept_and_those_around_the_text_are_not(
    staff: Cast, asset: Asset
) -> None:
    empty = '<w:p><w:pPr><w:pStyle w:val="1"/></w:pPr><w:bookmarkStart w:id="0" w:name="a"/></w:p>'
    cells = f"<w:tbl><w:tr><w:tc>{paragraph('周六')}</w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
    body = f"{empty}{paragraph('一')}{empty}<w:p><w:r><w:rPr/></w:r></w:p>{cells}{empty}<w:sectPr/>"
    assert imported(staff, asset, docx(body)) == ""
    assert Article.objects.get().content == (
        "<p>一</p><p><br></p><p><br></p><table><tbody><tr><td><p>周六</p></td><td></td></tr></tbody></table>"
    )


WORD_2010 = (
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
BOX = (
    f"<w:drawing {WORD_2010}><wp:anchor><wps:wsp><wps:txbx><w:txbxContent>{paragraph('框一')}"
    f"{paragraph('框二')}</w:txbxContent></wps:txbx></wps:wsp></wp:anchor></w:drawing>"
)
V = 'xmlns:v="urn:schemas-microsoft-com:vml"'
SHAPE = f"<w:pict><w:txbxContent>{paragraph('旧框')}</w:txbxContent></w:pict>"


def run(inner: str, format_: str = "") -> str:
    return f"<w:r><w:rPr>{format_}</w:rPr>{inner}</w:r>"


@pytest.mark.parametrize(
    ("inner", "kept"),
    [
        (f'<w:fldSimple w:instr="SEQ 图">{run("<w:t>图 1</w:t>")}</w:fldSimple>', "<p>图 1</p>"),
        (f'<w:bdo w:val="ltr">{run("<w:t>甲</w:t>")}</w:bdo>', "<p>甲</p>"),
        (
            run(
                f"<w:ruby><w:rt>{run('<w:t>hàn</w:t>')}</w:rt><w:rubyBase>{run('<w:t>汉</w:t>')}</w:rubyBase>"
                "</w:ruby><w:t>字</w:t>"
            ),
            "<p>汉(hàn)字</p>",
        ),
        (run("<w:t>前</w:t>") + run(BOX), "<p>前</p><p>框一</p><p>框二</p>"),
        (
            run(
                f"<mc:AlternateContent {WORD_2010}><mc:Choice>{BOX}</mc:Choice></mc:AlternateContent>"
                "<w:t>前</w:t>"
            ),
            "<p>前</p><p>框一</p><p>框二</p>",
        ),
        (
            run(
                f"<mc:AlternateContent {WORD_2010}><mc:Choice>{BOX}</mc:Choice><mc:Fallback>{SHAPE}"
                "</mc:Fallback></mc:AlternateContent>"
            ),
            "<p>旧框</p>",
        ),
        (run("<w:t>说</w:t>") + run("<w:t>不说</w:t>", "<w:vanish/>"), "<p>说</p>"),
        (run("<w:t>说</w:t>", '<w:vanish w:val="0"/>'), "<p>说</p>"),
        (run("<w:t>一</w:t><w:cr/><w:t>二</w:t><w:ptab/><w:t>三</w:t>"), f"<p>一<br>二{'&nbsp;' * 3} 三</p>"),
        (run(f"<w:pict {V}><v:oval><v:textbox><w:txbxContent>{paragraph('圆')}</w:txbxContent></v:textbox>"
             "</v:oval></w:pict>"), "<p>圆</p>"),
        (run('<w:t xml:space="preserve">  缩进  两</w:t>'), "<p>&nbsp;&nbsp;缩进&nbsp; 两</p>"),
    ],
    ids=[
        "field", "direction", "reading", "box", "new box only", "box in two versions", "hidden", "not hidden",
        "line end and tab", "shape", "blanks",
    ],
)  # fmt: skip
def test_all_that_word_shows_and_nothing_it_hides_is_in_the_text(
    staff: Cast, asset: Asset, inner: str, kept: str
) -> None:
    assert imported(staff, asset, docx(f"<w:p>{inner}</w:p>")) == ""
    assert Article.objects.get().content == kept


def rewritten(body: bytes, *changes: tuple[str, str]) -> bytes:
    """Returns a Word file with other texts in the names and contents of its parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as parts, zipfile.ZipFile(packed, "w") as target:
        for name in parts.namelist():
            content = parts.read(name)
            for former, other in changes:
                name = name.replace(former, other)
                content = content.replace(former.encode(), other.encode())
            target.writestr(name, content)
    return packed.getvalue()


def test_the_text_is_found_under_the_name_that_another_program_gave_it(staff: Cast, asset: Asset) -> None:
    body = paragraph("说", '<w:ind w:firstLineChars="200"/>') + paragraph("不说", format_="<w:vanish/>")
    file = rewritten(docx(body, numbering=list_of(CHINESE)), ("document.xml", "document2.xml"))
    assert imported(staff, asset, file) == ""
    assert Article.objects.get().content == '<p style="text-indent:2em">说</p>'


@pytest.mark.parametrize(
    "changes",
    [
        [("r:embed", "r:link"), ('"media/1.png"', '"https://example.com/1.png" TargetMode="External"')],
        [('"media/1.png"', '"NULL"')],
    ],
    ids=["on the web", "nowhere"],
)
def test_a_picture_that_is_not_in_the_word_file_is_said_to_be_left_out(
    staff: Cast, asset: Asset, changes: list[tuple[str, str]]
) -> None:
    body = rewritten(docx(paragraph("图") + f"<w:p><w:r>{DRAWING}</w:r></w:p>"), *changes)
    file = SimpleUploadedFile("图.docx", body)
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file), follow=True)
    assert "图片 1 张，请从素材库插入" in page.content.decode()
    assert Article.objects.get().content == "<p>图</p><p></p>"


def test_a_document_inside_of_a_word_file_is_said_to_be_left_out(staff: Cast, asset: Asset) -> None:
    file = SimpleUploadedFile("周末.docx", docx(f'{paragraph("前")}<w:altChunk w:id="r9"/>'))
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file), follow=True)
    assert "嵌入页面 1 个" in page.content.decode()
    assert Article.objects.get().content == "<p>前</p>"


def test_a_formula_of_a_word_file_is_said_to_be_left_out(staff: Cast, asset: Asset) -> None:
    formula = (
        '<w:p><m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
        "<m:r><m:t>x=1</m:t></m:r></m:oMath></w:p>"
    )
    file = SimpleUploadedFile("算.docx", docx(paragraph("解") + formula))
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file), follow=True)
    assert "以下内容微信不显示，已去掉：公式" in page.content.decode()
    assert Article.objects.get().content == "<p>解</p>"


def test_a_chart_of_a_word_file_is_said_to_be_left_out(staff: Cast, asset: Asset) -> None:
    chart = DRAWING[: DRAWING.index("<pic:pic>")] + (
        '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="r9"/>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    file = SimpleUploadedFile("图表.docx", docx(paragraph("见图") + f"<w:p><w:r>{chart}</w:r></w:p>"))
    page = signed_in(staff.editor).post(ADD, filled(staff.ours.pk, asset, import_file=file), follow=True)
    assert "图片 1 张，请从素材库插入" in page.content.decode()
    assert Article.objects.get().content == "<p>见图</p>"


def list_of(*levels: tuple[str, str], number: int = 1) -> str:
    """Returns the definition of a numbering with the format and the text of each level."""
    inner = "".join(
        f'<w:lvl w:ilvl="{at}"><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for at, (form, text) in enumerate(levels)
    )
    return (
        f'<w:abstractNum w:abstractNumId="{number}">{inner}</w:abstractNum>'
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'
    )


def numbered(text: str, level: int = 0, number: int = 1, style: str = "") -> str:
    heading = f'<w:pStyle w:val="{style}"/>' if style else ""
    return paragraph(
        text, f'{heading}<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    )


DECIMAL, CHINESE = ("decimal", "%1."), ("chineseCounting", "%1、")


@pytest.mark.parametrize(
    ("levels", "body", "kept"),
    [
        ([DECIMAL], numbered("甲") + numbered("乙"), "<ol><li>甲</li><li>乙</li></ol>"),
        (
            [DECIMAL],
            numbered("甲") + paragraph("说明") + numbered("乙"),
            "<p>1. 甲</p><p>说明</p><p>2. 乙</p>",
        ),
        (
            [CHINESE, ("chineseCounting", "（%2）")],
            numbered("时间", style="1")
            + numbered("周六", 1)
            + numbered("周日", 1)
            + numbered("地点", style="1"),
            "<h1>一、时间</h1><p>（一）周六</p><p>（二）周日</p><h1>二、地点</h1>",
        ),
        ([("decimal", "第%1条")], numbered("甲") * 2, "<p>第1条 甲</p><p>第2条 甲</p>"),
        ([DECIMAL, ("decimal", "%1.%2")], numbered("甲") + numbered("乙", 1), "<p>1. 甲</p><p>1.1 乙</p>"),
        ([("decimalEnclosedCircle", "%1")], numbered("甲"), "<p>① 甲</p>"),
        (
            [("upperRoman", "%1.")],
            numbered("甲") * 4,
            "".join(f"<p>{n}. 甲</p>" for n in ("I", "II", "III", "IV")),
        ),
        ([("chineseLegalSimplified", "%1、")], numbered("甲") * 2, "<p>壹、甲</p><p>贰、甲</p>"),
        ([("bullet", "•")], numbered("甲") + numbered("乙"), "<ul><li>甲</li><li>乙</li></ul>"),
    ],
    ids=[
        "plain",
        "interrupted",
        "headings",
        "around it",
        "of two levels",
        "circles",
        "Roman",
        "formal",
        "points",
    ],
)
def test_the_numbers_that_word_shows_are_in_the_text(
    staff: Cast, asset: Asset, levels: list[tuple[str, str]], body: str, kept: str
) -> None:
    assert imported(staff, asset, docx(body, numbering=list_of(*levels))) == ""
    assert Article.objects.get().content == kept


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'


def of_another_program() -> bytes:
    """Returns the package of another kind of document, that is called a Word file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        parts.writestr("content.xml", "<office:document-content/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04",
        docx("")[:-100],
        docx(paragraph("&b;"), BOMB),
        docx("<w:p>"),
        of_another_program(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ],
)
def test_what_is_no_word_file_is_refused(staff: Cast, asset: Asset, body: bytes) -> None:
    page = imported(staff, asset, body or b"x")
    assert "另存为 .docx" in page
    assert not Draft.objects.exists()


@pytest.mark.parametrize("body", ["<w:p/>" * 160_000, paragraph("长" * 8_000_000)])
def test_a_small_file_that_would_take_minutes_is_refused_with_what_to_do(
    staff: Cast, asset: Asset, body: str
) -> None:
    assert "请拆分" in imported(staff, asset, docx(body))
    assert not Draft.objects.exists()


LONG_NUMBERS = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="lowerRoman"/>'
    f'<w:lvlText w:val="{"%1" * 50_000}"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)


@pytest.mark.parametrize(
    ("numbering", "styles"),
    [
        ("", "".join(style(f"{each}", "", f"{each + 1}") for each in range(10_000))),
        ("", style("0", "", "1") + style("1", "", "0")),
        (LONG_NUMBERS, style("0", '<w:numPr><w:numId w:val="1"/></w:numPr>')),
    ],
    ids=["styles on styles", "styles in a circle", "long numbers"],
)
def test_what_all_paragraphs_refer_to_is_not_read_for_minutes(
    staff: Cast, asset: Asset, numbering: str, styles: str
) -> None:
    body = paragraph("正文", '<w:pStyle w:val="0"/>') * 3000
    assert "正文连同格式共" in imported(staff, asset, docx(body, numbering=numbering, styles=styles))


def test_a_file_that_unpacks_to_more_than_any_document_is_refused(staff: Cast, asset: Asset) -> None:
    packed = io.BytesIO(docx(paragraph("小")))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("word/media/2.png", bytes(101 * 1024 * 1024))
    assert "另存为 .docx" in imported(staff, asset, packed.getvalue())
