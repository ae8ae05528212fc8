"""What the validation has to know, looked up."""

from collections.abc import Iterable, Sequence
from functools import partial

from django.utils.translation import gettext as _

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from menus import articles, live, mini_programs, tree
from menus.account_validation import MatchRule, audience_problems, domain_problems
from menus.buttons import Button, Buttons, every
from menus.models import LinkCheck, Menu
from menus.validation import (
    File,
    Problem,
    References,
    problems,
)
from wechat.materials.models import Asset
from wechat.replies.models import Rule


def problems_of(menu: Menu, buttons: Sequence[Button]) -> list[Problem]:
    """Returns everything that is wrong with these buttons as the menu's next version."""
    found = problems(buttons, facts_for(menu.account, buttons))
    if menu.conditional:
        found = [*_of_audience(menu), *domain_problems(_conditional(menu, buttons)), *found]
    return found


def facts_for(account: OfficialAccount, buttons: Sequence[Button]) -> References:
    each = list(every(buttons))
    keys = [(button.kind, button.platform_key) for button in each]
    return References(
        files=_files(account, each),
        rules=dict(
            Rule.objects.filter(account=account, pk__in={one.rule for one in each if one.rule}).values_list(
                "pk", "enabled"
            )
        ),
        answered=partial(_answered, _rules_on_keys(account) if keys else frozenset()),
        mini_programs=mini_programs.known(account),
        dead=dead_links({one.url for one in each if one.url}),
        withdrawn=articles.withdrawn(account),
    )


def dead_links(urls: Iterable[str]) -> dict[str, str]:
    """Returns why addresses cannot be opened, by address; one that was not looked at yet is left out."""
    checks = LinkCheck.objects.filter(url__in=set(urls), checked_at__isnull=False)
    return {each.url: str(each.status or _("no answer")) for each in checks if each.is_dead}


def _files(account: OfficialAccount, buttons: Sequence[Button]) -> dict[int, File]:
    wanted = {button.file for button in buttons} | {
        key for button in buttons if button.reply for key in (button.reply.asset, button.reply.cover)
    }
    assets = Asset.objects.filter(account=account, pk__in=[key for key in wanted if key])
    return {
        each.pk: File(
            each.kind,
            uploaded=bool(each.media_id),
            failed=each.state == Asset.State.FAILED and not each.media_id,
            permanent=each.permanent,
        )
        for each in assets
    }


def _rules_on_keys(account: OfficialAccount) -> frozenset[tuple[str, str]]:
    """Returns event and key of the rules that answer menu taps; an empty key stands for any."""
    rules = Rule.objects.filter(account=account, enabled=True, trigger=Rule.TriggerChoice.EVENT)
    return frozenset(rules.values_list("event", "event_key"))


def _answered(rules: frozenset[tuple[str, str]], kind: str, key: str) -> bool:
    return (str(kind), key) in rules or (str(kind), "") in rules


def audience_of(menu: Menu) -> MatchRule:
    return MatchRule(
        name=menu.name,
        tag=menu.tag_id,
        platform=menu.platform,
        on_platform=menu.tag is None or menu.tag.platform_id is not None,
        followers=int(_tag_has_followers(menu)) if menu.tag else None,
        other=menu.other_rule,
    )


def _tag_has_followers(menu: Menu) -> bool:
    return Follower.objects.filter(tags=menu.tag, subscribed=True).exists()


def _of_audience(menu: Menu) -> list[Problem]:
    others = Menu.objects.filter(account=menu.account, conditional=True).select_related("tag")
    # Only what is live, or about to be, can take followers away.
    versions = live.live_versions(menu.account)
    place = (menu.position, menu.pk)
    above = [audience_of(each) for each in others if each.pk in versions and (each.position, each.pk) < place]
    default_is_live = any(not version.menu.conditional for version in versions.values())
    return audience_problems(audience_of(menu), above, default_is_live=default_is_live)


def _conditional(menu: Menu, buttons: Sequence[Button]) -> list[Buttons]:
    versions = [
        version
        for version in live.live_versions(menu.account).values()
        if version.menu.conditional and version.menu_id != menu.pk
    ]
    return [tuple(buttons), *tree.read_many(versions).values()]
