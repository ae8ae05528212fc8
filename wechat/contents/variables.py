"""Variables in replies: ``{openid}``, ``{remark}``, ``{account}``, ``{date}`` and ``{time}``.

``{date}`` is 2026-03-02 and ``{time}`` 09:30, in Asia/Shanghai, of the follower's message. Many followers
have no remark: ``{remark|朋友}`` says something else to them. The rules are those of
``wechat.kernel.placeholders``.
"""

from dataclasses import asdict, dataclass, fields

from wechat.kernel import placeholders
from wechat.sdk.content import Content, is_empty


@dataclass(frozen=True, slots=True)
class Values:
    openid: str
    remark: str
    account: str
    date: str
    time: str

    @classmethod
    def longest(cls, account: str) -> "Values":
        """Returns what takes the most bytes, for checking a text before anybody gets it."""
        return cls("o" * 28, "备" * 30, account, "2026-12-31", "23:59")

    @classmethod
    def shortest(cls, account: str) -> "Values":
        """Of a follower who has no remark."""
        return cls("o" * 28, "", account, "2026-12-31", "23:59")

    def by_name(self) -> dict[str, str]:
        return asdict(self)


NAMES = frozenset(one.name for one in fields(Values))


def expand(content: Content, values: Values) -> Content | None:
    """The content with the values in it; ``None`` if nothing is left of what it has to say."""
    expanded = placeholders.fill_all(content, values.by_name())
    return None if is_empty(expanded) else expanded


def variables_in(*parts: object) -> frozenset[str]:
    """The names of those they have."""
    return placeholders.names_in(*parts) & NAMES
