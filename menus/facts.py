"""The look-up of facts that the validation of menus needs."""

from collections.abc import Iterable, Sequence
from functools import partial

from django.utils.translation import gettext as _

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from menus import articles, live, mini_programs, tree
from menus.account_validation import MatchRule, audience_problems, domain_problems
from menus.buttons import Button, Buttons, every
from menus.models import LinkCheck, Menu, Version
from menus.validation import (
    File,
    Problem,
    References,
    problems,
)
from wechat.materials.models import Asset
from wechat.replies.models import Rule


def problems_of(version: Version) -> list[Problem]:
    """Returns everything that is wrong with a version, or a draft, as what is to be live next."""
    menu, buttons = version.menu, tree.read(version)
    found = problems(buttons, facts_for(menu.account, buttons))
    if menu.conditional:
        found = [*_of_audience(version), *domain_problems(_conditional(menu, buttons)), *found]
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


def _match_rule(version: Version) -> MatchRule:
    audience = version.shown_to
    tag = Tag.objects.filter(pk=audience["tag"]).first() if audience.get("tag") else None
    return MatchRule(
        name=version.menu.name,
        tag=audience.get("tag"),
        platform=audience.get("platform"),
        on_platform=not audience.get("tag") or (tag is not None and tag.platform_id is not None),
        followers=int(_tag_has_followers(tag)) if tag else None,
        other=audience.get("other", {}),
    )


def _tag_has_followers(tag: Tag) -> bool:
    return Follower.objects.filter(tags=tag, subscribed=True).exists()


def _of_audience(version: Version) -> list[Problem]:
    # Only what is live can take followers away.
    lives = live.live_versions(version.menu.account).values()
    above = [
        _match_rule(each)
        for each in sorted(lives, key=lambda each: each.menu.place)
        if each.menu.conditional and each.menu.place < version.menu.place
    ]
    default_is_live = any(not each.menu.conditional for each in lives)
    return audience_problems(_match_rule(version), above, default_is_live=default_is_live)


def _conditional(menu: Menu, buttons: Sequence[Button]) -> list[Buttons]:
    versions = [
        version
        for version in live.live_versions(menu.account).values()
        if version.menu.conditional and version.menu_id != menu.pk
    ]
    return [tuple(buttons), *tree.read_many(versions).values()]
