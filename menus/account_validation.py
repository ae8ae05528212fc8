"""The validation across the menus of one account: audiences that hide each other, and the number of sites.

Pure over values, like ``menus.validation`` of a single menu. Limits: WeChat reference 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from menus.buttons import Button, every
from menus.validation import Problem, is_web_address
from wechat.console.phrases import listed

DOMAINS = 3


@dataclass(frozen=True, slots=True)
class MatchRule:
    """The audience of a conditional menu.

    ``tag`` is a primary key, ``on_platform`` whether WeChat knows the tag. ``followers`` is 0 if nobody has
    the tag; ``other`` are criteria that WeChat has abolished.
    """

    name: str
    tag: int | None = None
    platform: int | None = None
    on_platform: bool = True
    followers: int | None = None
    other: Mapping[str, str] = field(default_factory=dict)

    def covers(self, other: "MatchRule") -> bool:
        """Returns whether all followers in the other audience are in this one."""
        return self.tag in (None, other.tag) and self.platform in (None, other.platform) and not self.other


def audience_problems(
    audience: MatchRule, above: Sequence[MatchRule], *, default_is_live: bool
) -> list[Problem]:
    """Returns the problems of an audience; ``above`` are the conditional menus that take precedence."""
    found = []
    if not default_is_live:
        found.append(Problem(_("Publish the menu for everybody first: WeChat wants one before any other.")))
    if audience.tag is None and audience.platform is None:
        found.append(Problem(_("This menu is for nobody yet: choose a tag or a system.")))
    if audience.other:
        found.append(
            Problem(
                _("This menu was made for a sex, a region or a language, which WeChat has abolished: choose "
                  "a tag or a system.")
            )
        )  # fmt: skip
    if not audience.on_platform:
        found.append(Problem(_("WeChat does not know the tag of this menu yet, so it would fit nobody.")))
    elif audience.followers == 0:
        found.append(Problem(_("No follower has the tag of this menu: nobody would see it."), is_error=False))
    if covering := next((each for each in above if each.covers(audience)), None):
        found.append(
            Problem(
                _("Nobody would ever see this menu: “%(other)s” above it is shown to all of its followers. "
                  "Move this one up, or choose another tag or system.")
                % {"other": covering.name}
            )
        )  # fmt: skip
    return found


def domain_problems(menus: Sequence[Sequence[Button]]) -> list[Problem]:
    """Returns the problem of too many sites, if any; ``menus`` are the account's conditional menus."""
    hosts = sorted(
        {
            str(urlsplit(button.url).hostname)
            for menu in menus
            for button in every(menu)
            if button.url and is_web_address(button.url)
        }
    )
    if len(hosts) <= DOMAINS:
        return []
    return [
        Problem(
            _("The menus for some followers lead to %(count)d sites together and WeChat takes 3: %(hosts)s.")
            % {"count": len(hosts), "hosts": listed(hosts)}
        )
    ]
