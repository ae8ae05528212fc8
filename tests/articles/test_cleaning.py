import base64

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from wechat.articles import cleaning

WORD = """<html xmlns:o="urn:office"><head><style>p{color:red}</style></head><body>
<!--[if gte mso 9]><xml><w:WordDocument/></xml><![endif]-->
<p class="MsoNormal" style="mso-margin-top-alt:auto;text-align:center"><b>通知</b><o:p></o:p></p>
<script>alert(1)</script></body></html>"""


def test_a_page_pasted_from_word_keeps_its_words_and_loses_the_rest() -> None:
    assert cleaning.clean(WORD) == '<p style="text-align:center"><b>通知</b></p>'


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<p style="background:url(javascript:alert(1))">x</p>',
        '<iframe src="https://evil.example"></iframe>',
        "<svg><script>alert(1)</script></svg>",
        '<img src="data:text/html;base64,PHNjcmlwdD4=">',
        '<svg><a href="x"><animate attributeName="href" values="javascript:onerror()"/></a></svg>',
        '<svg><foreignObject><iframe srcdoc="<script>onerror()</script>"></iframe></foreignObject></svg>',
        '<math><mtext><table><mglyph><style><img src onerror="alert(1)"></style></mglyph></table></math>',
        '<p style="background:u\\72l(text/html)">x</p>',
    ],
)
def test_nothing_that_runs_survives(text: str) -> None:
    cleaned = cleaning.clean(text)
    assert not [bad for bad in ("script", "onerror", "iframe", "text/html") if bad in cleaned]


MARKUP = st.lists(
    st.one_of(
        st.text(),
        st.sampled_from(
            ["<div>", "</div>", "<p>", "</p>", "<pre>", "\n  ", "<dl><dt>", "<center>", "<table>", "<td>",
             "<svg>", "<rect>", "</svg>", "<foreignObject>", "<ul><li>", "<b>", "</b>",
             "<img data-src='https://a/b'>", "<a href='https://a'>字</a>", "<h1>题</h1>",
             "<span style='white-space:pre;position:fixed;color:red'>"]
        ),
    )
).map("".join)  # fmt: skip


@given(MARKUP)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = cleaning.clean(text)
    assert cleaning.clean(once) == once


def test_only_links_to_wechat_articles_can_be_tapped() -> None:
    kept = '<a href="https://mp.weixin.qq.com/s/abc">文章</a>'
    assert cleaning.clean(kept) == kept
    assert cleaning.clean('<a href="https://example.com">别处</a>') == "<a>别处</a>"


def test_markdown_becomes_html() -> None:
    assert cleaning.from_markdown("## 标题\n\n- 一\n- **二**").html == (
        "<h2>标题</h2>\n<ul>\n<li>一</li>\n<li><strong>二</strong></li>\n</ul>"
    )


@pytest.mark.parametrize("text", ["---\na" + " " * 90_000 + "b", "<div>\nb<" + "a" * 90_000])
def test_markdown_that_ends_in_the_middle_of_something_is_text(text: str) -> None:
    assert "b" in cleaning.from_markdown(text).html


def test_scripts_without_an_end_are_searched_once_for_formulas() -> None:
    assert "脚本" in cleaning.cleaned("<script>" * 100_000 + "</script>").dropped


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<p>a<b 3 < 5 <x</p>more", "<p>a&lt;b 3 &lt; 5 &lt;x</p><p>more</p>"),
        ("价格<b 元，之后", "价格&lt;b 元，之后"),
        ("<p>如果 a<b 且 c>d</p>", "<p>如果 a&lt;b 且 c&gt;d</p>"),
        ("<p>一</p><p>二 <b", "<p>一</p><p>二 &lt;b</p>"),
        ("<p>I </3 you > me</p>", "<p>I &lt;/3 you &gt; me</p>"),
        ("填<your name>和<URL>，<zs@a.com>", "填&lt;your name&gt;和&lt;URL&gt;，&lt;zs@a.com&gt;"),
        ("<p>见<a href='x>文字</p><p>尾</p>", "<p>见&lt;a href='x&gt;文字</p><p>尾</p>"),
        ("<p>一<!-- 备注</p><p>二</p>", "<p>一&lt;!-- 备注</p><p>二</p>"),
        ("<p>用<title>标签</p><p>二</p>", "<p>用&lt;title&gt;标签</p><p>二</p>"),
        ("<p>用<script>标签</p><p>二</p>", "<p>用&lt;script&gt;标签</p><p>二</p>"),
        ("<p>a<![CDATA[ x < y ]]>b<?php echo 1 ?></p>", "<p>a x &lt; y b&lt;?php echo 1 ?&gt;</p>"),
        ("<ucap>文<font face=宋体>字</font></ucap>", '文<span style="font-family:宋体">字</span>'),
        ("<P :class='a' @b=c *d='e'>字<br/><o:p></o:p><!--x--><![if x]>尾<![endif]></P>", "<p>字<br>尾</p>"),
    ],
)  # fmt: skip
def test_no_sign_that_begins_no_tag_takes_the_text_behind_it_away(written: str, kept: str) -> None:
    assert cleaning.cleaned(written) == cleaning.Cleaned(kept, "")


@pytest.mark.parametrize(
    "part",
    ["<!--", "<![CDATA[", "<title>", "<x>", "</x>", '<a b="', "<a b='<c d=\"", ' b="<a"', '<p title="<!--">'],
)
def test_what_is_begun_again_and_again_is_read_once(part: str) -> None:
    """In a moment: a search for the end from each beginning would take minutes."""
    assert "文" in cleaning.cleaned(part * 50_000 + "文").html


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("---\ntitle: 周末\ntags:\n  - 会员\n- a\n---\n\n正文", "<p>正文</p>"),
        ("---\r\ntitle: 周末\r\n---\r\n正文", "<p>正文</p>"),
        (
            '---\ntitle: 周末\n\ncover image: a\n"tags":\n- 甲\ntext: |\n  一\n\n  二\n---\n正文',
            "<p>正文</p>",
        ),
        ('+++\ntitle = "周末"\ntags = [\n  "甲",\n]\n[menu]\n+++\n正文', "<p>正文</p>"),
        (
            "---\n提示: 甲\n\n正文\n\n---\n尾",
            "<hr>\n<p>提示: 甲</p>\n<p>正文</p>\n<hr>\n<p>尾</p>",
        ),
        ("---\n\n正文\n\n---\n尾", "<hr>\n<p>正文</p>\n<hr>\n<p>尾</p>"),
        ("第一句，\n第二句 a\nb\n  第三句", "<p>第一句，第二句 a\nb\n第三句</p>"),
        (
            "注[^1]，[见](https://mp.weixin.qq.com/s/)\n[^1]: 甲\n[^注]: 二",
            '<p>注[^1]，<a href="https://mp.weixin.qq.com/s/">见</a></p>\n<p>[^1]: 甲</p>\n<p>[^注]: 二</p>',
        ),
        (
            "注[^1]\n\n[^1]: 甲\n    乙\n\n    丙\n\n尾",
            "<p>注[^1]</p>\n<p>[^1]: 甲乙</p>\n<p>丙</p>\n<p>尾</p>",
        ),
        (
            "- ```\n  \ta\n  [^1]: b\n  ```\n",
            "<ul>\n<li>\n<pre><code>&nbsp;&nbsp;&nbsp;&nbsp;a<br>[^1]: b<br></code></pre>\n</li>\n</ul>",
        ),
        (
            "- [x] 完成\n- [ ] 未完成\n- `[x] a`\n\n[x] 文",
            "<ul>\n<li>☑ 完成</li>\n<li>☐ 未完成</li>\n<li><code>[x] a</code></li>\n</ul>\n<p>[x] 文</p>",
        ),
        (
            "**“重要”**提示，**注意：**后文。~~（旧）~~新 5 * 3 * 2",
            "<p><strong>“重要”</strong>提示，<strong>注意：</strong>后文。<s>（旧）</s>新 5 * 3 * 2</p>",
        ),
        (
            "\u3000\u3000首段\n\u3000\u3000次段\n续\n\n```\n\u3000码\n```",
            "<p>\u3000\u3000首段<br>\n\u3000\u3000次段续</p>\n<pre><code>\u3000码<br></code></pre>",
        ),
        (
            "\xa0\xa0首段\n \xa0 \u2003次段\n- \xa0项\n\n\xa0",
            "<p>&nbsp;&nbsp;首段<br>\n&nbsp; \u2003次段</p>\n<ul>\n<li>项</li>\n</ul>\n<p>&nbsp;</p>",
        ),
        (
            "".join(f"{'  ' * level}- 第{level}层\n" for level in range(13)),
            "".join(f"<ul>\n<li>第{level}层\n" for level in range(12))
            + "<ul>\n<li>第12层</li>\n</ul>"
            + "\n</li>\n</ul>" * 12,
        ),
        (
            "> 甲|乙\n> -|-\n> 1|`x|y`\n> 2|3|4|\n",
            (
                "<blockquote>\n<table>\n<thead>\n<tr>\n<th>甲</th>\n<th>乙</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n"
                "<td>1</td>\n<td><code>x|y</code></td>\n</tr>\n<tr>\n<td>2</td>\n<td>3|4</td>\n</tr>\n</tbody>\n"
                "</table>\n</blockquote>"
            ),
        ),
        ("**a（b）**c，** 甲 **", "<p><strong>a（b）</strong>c，** 甲 **</p>"),
        (
            "填<your name>和<URL>，<b>粗</b>\n\n<token>\n行",
            "<p>填&lt;your name&gt;和&lt;URL&gt;，<b>粗</b></p><p>&lt;token&gt;\n行</p>",
        ),
    ],
    ids=[
        "facts",
        "facts of Windows",
        "facts with blanks",
        "facts of Hugo",
        "no facts",
        "two rules",
        "wrapped lines",
        "footnotes",
        "a long footnote",
        "code in a list",
        "tasks",
        "Chinese emphasis",
        "wide blanks",
        "no-break blanks",
        "a mind map",
        "a row with more cells than columns",
        "emphasis beside Chinese",
        "words in angle brackets",
    ],
)
def test_markdown_as_programs_write_it_says_what_it_says(text: str, kept: str) -> None:
    assert cleaning.from_markdown(text) == cleaning.Cleaned(kept, "")


def test_lines_in_which_a_program_wraps_a_chinese_text_leave_no_blanks_in_it() -> None:
    page = "<p class=MsoNormal><span lang=ZH-CN>周末到店\r\n有礼，Word\r\n也是</span></p><pre>甲\n乙</pre>"
    assert cleaning.clean(page) == "<p><span>周末到店有礼，Word\n也是</span></p><pre>甲<br>乙</pre>"


def test_pictures_are_found_and_given_other_addresses() -> None:
    text = (
        '<p>前<img src="https://a/a.png">中<img src="https://a/b.png">后</p>'
        '<section style="color:red;background:url(https://a/c.png) #fff">底</section>'
    )
    moved = cleaning.with_pictures(
        text, {"https://a/a.png": "https://x/a.png", "https://a/c.png": "https://x/c.png"}.get
    )
    assert moved == (
        '<p>前<img src="https://x/a.png">中后</p>'
        '<section style="color:red;background:url(&quot;https://x/c.png&quot;) #fff">底</section>'
    )


def test_a_picture_in_an_address_is_read_or_is_none() -> None:
    assert cleaning.picture_bytes(f"data:image/png;base64,{base64.b64encode(b'abc').decode()}") == b"abc"
    assert cleaning.picture_bytes("data:image/png;base64,=a") is None
    assert cleaning.picture_bytes("https://example.com/a.png") is None


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("第一行\n第二行\n\n第四行", "<p>第一行</p><p>第二行</p><p><br></p><p>第四行</p>"),
        ("\u3000\u3000首行\r\n    次行", "<p>\u3000\u3000首行</p><p>&nbsp;&nbsp;&nbsp;&nbsp;次行</p>"),
        ("第一行<div>第二行</div><div>第三行</div>", "<p>第一行</p><p>第二行</p><p>第三行</p>"),
        ("<div><br></div>", "<p><br></p>"),
        ("<div><div>一</div><p>二</p></div>", "<section><p>一</p><p>二</p></section>"),
        ("<dl><dt>问</dt><dd>答</dd></dl>",
         '<section><p style="font-weight:bold">问</p><p style="margin-left:2em">答</p></section>'),
        ("<center>中</center>", '<p style="text-align:center">中</p>'),
        ("<p align=right>右</p>", '<p style="text-align:right">右</p>'),
        ("<li>半个列表</li>", "<p>半个列表</p>"),
        ("<h5>小</h5><h6>更小</h6>", "<h5>小</h5><h6>更小</h6>"),
        ("<address>地址</address>尾", "<p>地址</p><p>尾</p>"),
        ("<form><fieldset><legend>题</legend>文</fieldset></form>",
         "<section><section><p>题</p>文</section></section>"),
        ("<p style='/*x;y*/color:red;/* a:b */font-size:16px'>注</p>",
         '<p style="color:red;font-size:16px">注</p>'),
        ("<p style=\"background:url('https://a/*/b.png');color:red\">底</p>",
         '<p style="background:url(&quot;https://a/*/b.png&quot;);color:red">底</p>'),
        ("<ul style='margin-block-start:0;padding-inline-start:48px'><li>一</li></ul>",
         '<ul style="margin-top:0;padding-left:48px"><li>一</li></ul>'),
        ("<!--[if gte vml 1]><v:shape><v:imagedata src=a></v:shape><![endif]--><p>图</p>", "<p>图</p>"),
        ("<p dir=rtl>右</p><p dir=ltr>左</p>", '<p style="direction:rtl">右</p><p>左</p>'),
        ("<p><bdo dir=rtl>反</bdo></p>",
         '<p><span style="direction:rtl;unicode-bidi:bidi-override">反</span></p>'),
        ("<p>说<q>甲<q>乙</q></q></p>", "<p>说<span>“甲<span>‘乙’</span>”</span></p>"),
        ('<font color="red" size="5">大</font>', '<span style="color:red;font-size:24px">大</span>'),
        ('<p>甲<text color="red">乙</text><svg><text>丙</text></svg><TEXT>丁</TEXT></p>',
         '<p>甲<span style="color:red">乙</span><svg><text>丙</text></svg><span>丁</span></p>'),
        ("<table><tr><td bgcolor=red>格</td></tr></table>",
         '<table><tbody><tr><td style="background-color:red">格</td></tr></tbody></table>'),
    ],
)  # fmt: skip
def test_a_line_stays_a_line_and_a_look_a_look(pasted: str, kept: str) -> None:
    assert cleaning.cleaned(pasted) == cleaning.Cleaned(kept, "")
    assert cleaning.clean(kept) == kept


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ('<p style="background:url(//mmbiz.qpic.cn/a.png) 0">底</p>',
         '<p style="background:url(&quot;https://mmbiz.qpic.cn/a.png&quot;) 0">底</p>'),
        ('<svg><image xlink:href="https://mmbiz.qpic.cn/a.png"></image></svg>',
         '<svg><image href="https://mmbiz.qpic.cn/a.png"></image></svg>'),
        ('<a href="//mp.weixin.qq.com/s/a">文</a><a href="HTTPS://mp.weixin.qq.com/s/a">章</a>',
         '<a href="https://mp.weixin.qq.com/s/a">文</a><a href="HTTPS://mp.weixin.qq.com/s/a">章</a>'),
        ('<p hidden="">备</p><p>文</p>', "<p>文</p>"),
        ('<svg><text dx="1" font-family="serif" letter-spacing="2">字</text></svg>',) * 2,
        ('<svg><image href="//mmbiz.qpic.cn/a.png"></image></svg>',
         '<svg><image href="https://mmbiz.qpic.cn/a.png"></image></svg>'),
        ('<ul><li></li><li></li></ul><pre><code>a</code><code>  b</code></pre>',
         "<pre><code>a</code><br><code>&nbsp;&nbsp;b</code></pre>"),
        ("<pre><code>a</code>或<code>b</code></pre>", "<pre><code>a</code>或<code>b</code></pre>"),
    ],
)  # fmt: skip
def test_what_layout_tools_and_wechats_editor_write_in_their_way_is_kept(pasted: str, kept: str) -> None:
    assert cleaning.cleaned(pasted) == cleaning.Cleaned(kept, "")
    assert cleaning.clean(kept) == kept


@pytest.mark.parametrize(
    "style",
    [
        'color:"red\n;position:fixed',
        'background-image:url(a"b);position:fixed;width:"c)',
        "color:red(;position:fixed",
        "color:[(];position:fixed)",
        "color:{;position:fixed}",
        "color:red//**/*;position:fixed",
        "width:1px}p{position:fixed",
    ],
)
def test_no_format_hides_another_one_that_only_a_browser_would_read(style: str) -> None:
    """What does not end where it seems to is left out: a browser would read on, or begin again, behind it."""
    assert cleaning.clean(f"<p style='{style};font-size:16px'>文</p>") in (
        "<p>文</p>",
        '<p style="font-size:16px">文</p>',
    )


def test_an_emoji_that_is_written_as_the_numbers_of_its_halves_is_that_emoji() -> None:
    assert cleaning.clean("<p>好&#55357;&#56832;&#xD83D;&#xDE00;</p>") == "<p>好😀😀</p>"


def test_comments_in_a_page_of_word_are_no_part_of_its_text() -> None:
    page = (
        "<p class=MsoNormal><a style='mso-comment-reference:A_1'>价格</a><span class=MsoCommentReference>"
        '<![if !supportAnnotations]><a href="file:///C:/clip.htm#_msocom_1">[A1]</a><![endif]></span></p>'
        "<div style='mso-element:comment-list'><![if !supportAnnotations]><hr><![endif]>"
        "<div style='mso-element:comment'><p class=MsoCommentText>别说出去</p></div></div>"
    )
    assert cleaning.cleaned(page) == cleaning.Cleaned("<p><a>价格</a><span></span></p>", "")


def test_no_drawing_links_to_another_site() -> None:
    assert "example.com" not in cleaning.clean(
        '<svg><a xlink:href="https://example.com"><text>a</text></a></svg>'
    )


@pytest.mark.parametrize(
    "pasted",
    [
        '<section style="background-image:linear-gradient(90deg, red, blue);border-radius:8px">底</section>',
        '<section style="display:flex;transform:rotate(3deg);box-shadow:0 2px 8px red">盒</section>',
        '<section style="background-image:linear-gradient(90deg,rgba(0,0,0,.1),#fff);color:red">渐</section>',
        '<p style="filter:drop-shadow(0 0 2px rgba(0, 0, 0, .5));width:calc((100% - 2px) / 3)">影</p>',
        '<section style="grid-template-columns:[a] minmax(0,1fr) repeat(2,minmax(0,1fr))">格</section>',
        '<svg viewBox="0 0 10 10"><linearGradient><stop offset="1"></stop></linearGradient></svg>',
        '<svg><animateTransform attributeName="transform" to="2" begin="click"></animateTransform></svg>',
        '<iframe class="video_iframe" data-src="https://v.qq.com/txp/iframe/player.html?vid=x"></iframe>',
        '<p><a data-miniprogram-appid="wx1" data-miniprogram-path="pages/a">小程序</a></p>',
        '<mp-common-profile data-id="MzA" data-nickname="号"></mp-common-profile>',
    ],
)
def test_what_wechat_shows_stays_as_it_is(pasted: str) -> None:
    assert cleaning.cleaned(pasted) == cleaning.Cleaned(pasted, "")


@pytest.mark.parametrize(
    "address",
    [
        "data:image/png;base64,iVBO\r\n Rw0K=",
        "data:image/png;charset=utf-8;base64,iVBORw0K=",
        "DATA:image/PNG;BASE64,iVBORw0K=",
        "data:image/png;base64,iVBORw0K%3D",
    ],
)
def test_the_data_of_a_picture_count_however_they_are_written(address: str) -> None:
    kept = '<img src="data:image/png;base64,iVBORw0K=">'
    assert cleaning.cleaned(f'<img src="{address}">') == cleaning.Cleaned(kept, "")


PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.mark.parametrize(
    "picture",
    [
        f'<img src="{PLACEHOLDER}" data-lazyload="https://a/1.jpg">',
        f'<img src="{PLACEHOLDER}" data-srcset="//a/1.jpg 1x, //a/2.jpg 2x">'.replace("//a", "https://a"),
        '<img src="static/none.gif" file="https://a/1.jpg">',
        '<img srcset="https://a/1.jpg, https://a/2.jpg 2x">',
        '<img src="https://a/1.jpg" srcset="https://a/2.jpg 2x">',
    ],
)
def test_a_picture_that_its_page_loads_late_is_that_picture(picture: str) -> None:
    assert cleaning.cleaned(picture) == cleaning.Cleaned('<img src="https://a/1.jpg">', "")


def test_the_boxes_of_a_task_list_are_kept_as_signs() -> None:
    tasks = '<ul><li><input type="checkbox" checked disabled> 甲</li><li><input type="checkbox"> 乙</li></ul>'
    kept = "<ul><li><span>☑</span> 甲</li><li><span>☐</span> 乙</li></ul>"
    assert cleaning.cleaned(tasks) == cleaning.Cleaned(kept, "")


@pytest.mark.parametrize(
    ("pasted", "remark"),
    [
        ("<p>式</p><mjx-container jax=CHTML><mjx-math></mjx-math></mjx-container>", "公式"),
        ('<p>式</p><script type="math/tex">x</script>', "公式"),
        ('<a href="https://example.com/x">别处</a>', "example.com"),
        ('<p style="position:absolute;left:0">浮</p>', "position"),
        ('<p style="animation:turn 1s">转</p>', "animation"),
        ("<p>影<video src=a.mp4></video></p>", "1"),
        ('<p>图<img src="file:///C:/a.png"></p>', "1"),
        ("<p>图</p><v:shape><v:imagedata src='file:///C:/a.png'/></v:shape>", "图片 1 张"),
        ("<p>填<input></p>", "1"),
        ("<p>算</p><script>1</script>", "脚本"),
        ("<p>式</p><math><mi>x</mi></math>", "公式"),
        ("<style>.a{color:red}</style><p class=a>红</p>", "样式表"),
        ('<svg><use href="#a"></use></svg>', "use"),
        ('<p>买</p><mp-common-product data-windowproduct="x"></mp-common-product>', "mp-common-product"),
    ],
)
def test_what_is_left_out_is_said(pasted: str, remark: str) -> None:
    with translation.override("zh-hans"):
        assert remark in cleaning.cleaned(pasted).dropped


def test_what_nobody_misses_is_left_out_without_a_word() -> None:
    assert cleaning.cleaned(WORD.replace("<script>alert(1)</script>", "")).dropped == ""
    page = '<div id=a class=b data-x=1 style="position:static;cursor:pointer;orphans:2;--x:1">文</div>'
    page += '<mp-style-type data-value="3"></mp-style-type><mpchecktext id="1"></mpchecktext>'
    assert cleaning.cleaned(page) == cleaning.Cleaned("<p>文</p>", "")


def test_blanks_and_lines_of_code_are_kept_where_wechat_folds_them() -> None:
    code = cleaning.from_markdown("```\nif x:\n\treturn  1\n```").html
    assert code == "<pre><code>if x:<br>" + "&nbsp;" * 4 + "return&nbsp; 1<br></code></pre>"
    spaced = cleaning.clean('<p style="white-space:pre-wrap">甲\n  乙</p>')
    assert spaced == '<p style="white-space:pre-wrap">甲<br>&nbsp;&nbsp;乙</p>'


@pytest.mark.parametrize(
    "part", ["<div>", "<pre>\n  ", "<center>x", "<li>", '<p style="a:(">', "<b><table><td>"]
)
def test_what_is_nested_without_end_is_cleaned_all_the_same(part: str) -> None:
    assert "文" in cleaning.clean(part * 5000 + "文")


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("<b>" * 5000, 32),
        ("".join(f'<font color="#{number:06}"><p>' for number in range(5000)), 50_000),
        ("<em>甲" * 5000 + "</em>" * 5000, 32),
        ("<div><table><tr><td></div>" * 3000, 2000),
        ("<svg>" + "<g>" * 5000, 257),
        ("<svg><title>" + "<section>" * 5000 + "</section>" * 5000 + "</title></svg>", 257),
        ("<svg><foreignObject>" + "<div/>" * 5000, 257),
        ("</p>" * 100_000, 50_000),
    ],
    ids=lambda each: str(each)[:20],
)
def test_a_text_of_too_many_tags_loses_tags_and_no_words(text: str, most: int) -> None:
    """A parser would take minutes."""
    kept = cleaning.clean(f"<p>始</p>{text}文")
    assert "始" in kept
    assert "文" in kept
    assert kept.count("<") <= 2 * most + 20


def test_a_drawing_of_many_parts_and_a_table_without_end_tags_stay_whole() -> None:
    drawing = f"<svg>{'<rect/>' * 1000}<g><path/></g></svg>"
    assert cleaning.clean(drawing).count("<rect>") == 1000
    table = f"<table>{'<tr><td>格<p>行' * 1000}</table>"
    assert cleaning.clean(table).count("格") == cleaning.clean(table).count("<td>") == 1000


def test_a_tag_of_thousands_of_attributes_is_none() -> None:
    many = " ".join(f"a{number}" for number in range(100_000))
    assert "文" in cleaning.clean(f"<p {many}>文</p>")


@pytest.mark.parametrize(
    "text",
    [
        "---\na" + " " * 90_000,
        "---\n" + "a: b\n" * 20_000,
        "+++\n" + '"' * 90_000,
        "<div>\n<" + "a" * 90_000,
        "<script" * 12_000,
        "[^1]: a\n" + "\n" * 90_000,
    ],
    ids=lambda text: text[:10],
)
def test_a_text_that_never_becomes_what_it_begins_like_is_read_all_the_same(text: str) -> None:
    """In a moment: a search that looks back again and again would take minutes."""
    assert "文" in cleaning.from_markdown(f"{text}\n\n文").html
