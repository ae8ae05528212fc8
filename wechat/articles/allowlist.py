"""The elements, attributes and formats of an article's HTML that WeChat shows.

The platform publishes no list. This one is what its own editor writes and what the layout tools of Chinese
editors (135, 秀米) rely on: inline styles, inline SVG with the animations that the platform lists, and no
class, id, script or position.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

BLOCKS = {
    "blockquote", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "section", "table", "ul",
}  # fmt: skip
TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
INLINE = {
    "a", "b", "br", "code", "em", "i", "img", "rp", "rt", "ruby", "s", "span", "strong", "sub", "sup", "u",
}  # fmt: skip
SVG = {
    "animate", "animateMotion", "animateTransform", "circle", "clipPath", "defs", "ellipse", "foreignObject",
    "g", "image", "line", "linearGradient", "path", "polygon", "polyline", "radialGradient", "rect", "set",
    "stop", "svg", "text", "tspan",
}  # fmt: skip
# The platform's own cards; they come with drafts that were written on its page.
CARDS = {
    "mp-common-mpaudio", "mp-common-profile", "mp-common-videosnap", "mp-miniprogram", "mpvoice", "qqmusic",
}  # fmt: skip
# Others are made there alone; what is no card says how the page looked in the platform's own editor, or what
# that has checked.
CARD = re.compile(r"<(mp(?:-[a-z]+)+|mp[a-z]+)\b")
NO_CARD = {"mp-style-type", "mpchecktext"}
VIDEO, VIDEO_CLASS = "iframe", "video_iframe"

TAGS = BLOCKS | TABLES | INLINE | SVG | CARDS | {VIDEO}

MINI_PROGRAM = {
    "data-miniprogram-appid", "data-miniprogram-path", "data-miniprogram-nickname", "data-miniprogram-type",
    "data-miniprogram-title", "data-miniprogram-imageurl", "data-miniprogram-servicetype",
}  # fmt: skip
SOUND = {
    "albumurl", "audiourl", "cover", "data-pluginname", "music_name", "musicid", "name", "play_length",
    "singer", "src", "voice_encode_fileid",
}  # fmt: skip
CELL = {"colspan", "rowspan", "width", "height", "align", "valign"}
DRAWN = {
    "accumulate", "additive", "attributeName", "attributeType", "begin", "by", "calcMode", "cx", "cy", "d",
    "dominant-baseline", "dur", "dx", "dy", "end", "fill", "fill-opacity", "fill-rule", "font-family",
    "font-size", "font-style", "font-weight", "fr", "from", "fx", "fy", "gradientTransform", "gradientUnits",
    "height", "keySplines", "keyTimes", "letter-spacing", "offset", "opacity", "path", "points",
    "preserveAspectRatio", "r", "repeatCount", "restart", "rotate", "rx", "ry", "stop-color", "stop-opacity",
    "stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin",
    "stroke-miterlimit", "stroke-width", "text-anchor", "text-decoration", "to", "transform", "type",
    "values", "version", "viewBox", "visibility", "width", "x", "x1", "x2", "xmlns", "y", "y1", "y2",
}  # fmt: skip
ATTRIBUTES: Mapping[str, set[str]] = {
    "*": {"style"},
    "img": {"src", "alt", "width", "height", "data-ratio", "data-w", "data-type"},
    "a": {"href", *MINI_PROGRAM},
    "table": {"width", "align", "border", "cellpadding", "cellspacing"},
    "col": {"span", "width"},
    "td": CELL,
    "th": CELL,
    "ol": {"start", "type"},
    "li": {"value"},
    **dict.fromkeys(SVG, DRAWN),
    "image": {*DRAWN, "href"},
    "mp-miniprogram": MINI_PROGRAM,
    "mp-common-profile": {
        "data-alias", "data-headimg", "data-id", "data-is_biz_ban", "data-nickname", "data-pluginname",
        "data-signature", "data-from",
    },
    "mp-common-videosnap": {
        "data-desc", "data-headimgurl", "data-id", "data-nickname", "data-nonceid", "data-pluginname",
        "data-type", "data-url", "data-username", "data-width", "data-height",
    },
    "mpvoice": SOUND,
    "mp-common-mpaudio": SOUND,
    "qqmusic": SOUND,
    VIDEO: {"class", "data-src", "data-vidtype", "data-mpvid", "data-cover", "data-ratio", "data-w"},
}  # fmt: skip
# The attributes that an animation may change, as the platform lists them for SVG.
ANIMATED = {
    "cx", "cy", "d", "fill", "height", "opacity", "points", "r", "rx", "ry", "stroke-dashoffset",
    "stroke-linecap", "stroke-width", "transform", "visibility", "width", "x", "y",
}  # fmt: skip

_BOX = ("", "-top", "-right", "-bottom", "-left")
_EDGE = ("-color", "-style", "-width")
STYLES = {
    *(f"{name}{side}" for name in ("margin", "padding") for side in _BOX),
    *(f"border{side}{part}" for side in _BOX for part in ("", *_EDGE)),
    *(f"border-{corner}-radius" for corner in ("top-left", "top-right", "bottom-left", "bottom-right")),
    *(f"border-image{part}" for part in ("", "-source", "-slice", "-width", "-outset", "-repeat")),
    *(
        f"background{part}"
        for part in ("", "-attachment", "-clip", "-color", "-image", "-origin", "-position", "-position-x",
                     "-position-y", "-repeat", "-size", "-blend-mode")
    ),
    *(f"text-{part}" for part in (
        "align", "align-last", "decoration", "decoration-color", "decoration-line", "decoration-style",
        "decoration-thickness", "emphasis", "indent", "justify", "orientation", "overflow", "shadow",
        "transform", "underline-offset",
    )),
    *(f"font{part}" for part in ("", "-family", "-size", "-style", "-variant", "-weight")),
    *(f"flex{part}" for part in ("", "-basis", "-direction", "-flow", "-grow", "-shrink", "-wrap")),
    *(f"grid{part}" for part in (
        "", "-area", "-auto-columns", "-auto-flow", "-auto-rows", "-column", "-column-gap", "-gap", "-row",
        "-row-gap", "-template", "-template-areas", "-template-columns", "-template-rows",
    )),
    *(f"{axis}-{part}" for axis in ("align", "justify") for part in ("content", "items", "self")),
    *(f"{least}-{side}" for least in ("min", "max") for side in ("width", "height")),
    "-webkit-background-clip", "-webkit-box-reflect", "-webkit-line-clamp", "-webkit-mask-image",
    "-webkit-overflow-scrolling", "-webkit-text-fill-color", "-webkit-text-stroke",
    "-webkit-text-stroke-color", "-webkit-text-stroke-width", "-webkit-transform",
    "-webkit-transform-origin", "-webkit-writing-mode", "aspect-ratio", "border-collapse", "border-radius",
    "border-spacing", "box-shadow", "box-sizing", "caption-side", "clear", "clip-path", "color",
    "column-count", "column-gap", "columns", "direction", "display", "filter", "float", "gap", "height",
    "isolation", "letter-spacing", "line-break", "line-height", "list-style", "list-style-image",
    "list-style-position", "list-style-type", "mask-image", "mix-blend-mode", "object-fit",
    "object-position", "opacity", "order", "outline", "overflow", "overflow-wrap", "overflow-x", "overflow-y",
    "perspective", "place-content", "place-items", "pointer-events", "row-gap", "table-layout", "tab-size",
    "transform", "transform-origin", "transform-style", "unicode-bidi", "user-select", "vertical-align",
    "visibility", "white-space", "width", "word-break", "word-spacing", "word-wrap", "writing-mode", "zoom",
}  # fmt: skip
# Formats that are removed without a notice, because their absence is not visible.
UNSEEN = re.compile(
    r"(?:--|-ms-|-moz-|-o-|-khtml-|-apple-|-epub-|-webkit-|mso-|break-|font-|layout-grid|page|punctuation-|"
    r"scroll|tab-stops|text-autospace|text-kashida|text-rendering|text-size-adjust|transition|outline-)|"
    r"(?:accent-color|appearance|behavior|bottom|caret-color|color-scheme|contain|content-visibility|cursor|"
    r"hyphens|inset|language|left|orphans|panose-1|position|quotes|resize|right|speak|tab-interval|top|"
    r"touch-action|widows|will-change|z-index)$"
)

# Removed with their content, which is no text.
DROPPED = {"script", "style", "title", "xml", "head", "noscript", "template"}
# Other addresses cannot be tapped in an article.
LINKED = re.compile(r"https?://mp\.weixin\.qq\.com/", re.IGNORECASE)
# Videos of the platform and of Tencent Video, whose players WeChat supports.
PLAYED = re.compile(r"(?:https?:)?//(?:v\.qq\.com|mp\.weixin\.qq\.com)/")
# A picture in a data URL, as pasting from Word produces.
DATA = re.compile(r"data:image/(?:png|jpe?g|gif|webp|(?:x-ms-)?bmp);base64,([A-Za-z0-9+/=\s]+)")
# The same as other programs write it: with parameters, wrapped or escaped.
WRITTEN_DATA = re.compile(r"data:image/([\w.+-]+)(?:;[\w.=-]+)*?;base64,", re.IGNORECASE)
# A picture of the library, as the editor shows it.
LIBRARY = re.compile(r"(?:https?://[^/]+)?/admin/materials/asset/(\d+)/file/")
WEB = re.compile(r"https?://", re.IGNORECASE)


def whole(address: str) -> str:
    """Returns an address with its scheme, which many pages leave out; a data URL as ``DATA`` expects it."""
    address = address.strip()
    if written := WRITTEN_DATA.match(address):
        content = "".join(unquote(address[written.end() :]).split())
        return f"data:image/{written[1].lower()};base64,{content}"
    return f"https:{address}" if address.startswith("//") else address


def is_picture(address: str) -> bool:
    """Returns whether a picture with this address can be loaded."""
    return bool(WEB.match(address) or LIBRARY.match(address) or DATA.fullmatch(address.strip()))
