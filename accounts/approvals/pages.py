"""The pages of approvals: the list, one approval with before and after, and the limits."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.approvals import actions, deciding, limit_changes
from accounts.approvals.actions import Refused
from accounts.approvals.forms import PolicyForm
from accounts.approvals.models import ROLES, Approval
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, entered, frame, object_page, reader
from accounts.staff.rights import Area, Rights
from wechat.console import edit_conflicts, simultaneous_saves
from wechat.console.phrases import labelled

SHOWN = 50
# States in which an approval can still be of use to whoever asked for it.
OPEN_TO_ASKER = {Approval.State.WAITING, Approval.State.APPROVED}


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """An approval in the list, in words."""

    approval: Approval
    action: StrOrPromise
    size: str


def approvals() -> "QuerySet[Approval]":
    return Approval.objects.select_related("account", "asked_by", "decided_by")


# Every role may view followers; its other areas decide which approvals it sees.
@account_page(Area.FOLLOWERS)
def listed(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    user = reader(request)
    visible = deciding.visible(Rights.of(user), account.pk).select_related("asked_by", "decided_by")
    mine = deciding.waiting_for(user, account.pk).select_related("asked_by")
    waiting = visible.filter(state=Approval.State.WAITING).exclude(pk__in=mine.values("pk"))
    past = visible.exclude(state=Approval.State.WAITING)
    context = frame(
        request, _("Approvals"), mine=_lines(mine), waiting=_lines(waiting), past=_lines(past),
        may_set=Rights.of(user).may_view(Area.SETTINGS, account.pk),
    )  # fmt: skip
    return TemplateResponse(request, "approvals/list.html", context)


@object_page(approvals, Area.FOLLOWERS, posts_change=False)
@simultaneous_saves.checks_again
def show(request: HttpRequest, approval: Approval) -> HttpResponse:
    """Shows an approval, with the state before and after; a POST approves or rejects it."""
    action, user = actions.of(approval), reader(request)
    if not Rights.of(user).may_view(action.area, approval.account_id):
        raise Http404
    may_decide = deciding.may_decide(approval, user)
    is_own = approval.asked_by_id == user.pk
    if request.method == "POST":
        if not may_decide and not (is_own and "agreed" not in request.POST):
            raise PermissionDenied
        return _decided(request, approval, user, agreed="agreed" in request.POST)
    waits = approval.state == Approval.State.WAITING
    context = frame(
        request, approval.title, approval=approval, action=action, size=action.in_words(approval.size),
        link=action.link(approval), may_decide=may_decide and waits, is_own=is_own, waits=waits,
        own_step=action.own_step(approval) if is_own and approval.state in OPEN_TO_ASKER else "",
    )  # fmt: skip
    return TemplateResponse(request, "approvals/approval.html", context)


@account_page(Area.SETTINGS)
@edit_conflicts.locks_row
def limits(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows and sets the limits of each role; looser limits need another owner's approval."""
    form = PolicyForm(account.pk, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _kept(request, account, form)
    able = {role for action in limit_changes.settable() for role in action.roles}
    roles = [(role, actions.role_name(role)) for role, _label in ROLES if role in able]
    rows = [
        {
            "action": action,
            "cells": [
                (label, form[f"{action.name}-{role}"] if role in action.roles else None)
                for role, label in roles
            ],
        }
        for action in limit_changes.settable()
    ]
    context = frame(request, _("Approval limits"), rows=rows, roles=roles, form=form)
    return TemplateResponse(request, "approvals/limits.html", context)


def _kept(request: HttpRequest, account: OfficialAccount, form: PolicyForm) -> HttpResponse:
    approval = limit_changes.change(account, form.wanted(), reader(request))
    after = limit_changes.current(account.pk)
    changed = [key for key, limit in after.items() if limit != form.before[key]]
    if changed:
        before_words = {_name(key): _words(key, form.before[key]) for key in changed}
        after_words = {_name(key): _words(key, after[key]) for key in changed}
        audit.record(request, account, _("Approval limits"), before_words, after_words)
        messages.success(request, _("The limits are kept."))
    if approval is None:
        return redirect("admin:approvals_policy")
    audit.record(request, approval, _("Asked for approval."))
    messages.info(request, _("What is looser than before waits for another owner to agree."))
    return redirect("admin:approvals_approval", approval.pk)


def _decided(request: HttpRequest, approval: Approval, user: User, *, agreed: bool) -> HttpResponse:
    try:
        done = deciding.approve(approval, user) if agreed else deciding.reject(approval, user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("admin:approvals_approval", approval.pk)
    if done is None:
        messages.error(request, _("It does not wait any more: somebody decided, or it expired."))
        return redirect("admin:approvals_approval", approval.pk)
    note = labelled(actions.of(done).label, done.get_state_display())
    if done.alone:
        note = _("%(done)s (nobody else could agree)") % {"done": note}
    audit.record_with_message(request, done, note, account=entered(request).account)
    return redirect("admin:approvals_list")


def _lines(rows: "QuerySet[Approval]") -> list[ApprovalLine]:
    return [
        ApprovalLine(row, actions.of(row).label, actions.of(row).in_words(row.size))
        for row in rows.order_by("-pk")[:SHOWN]
    ]


def _name(key: tuple[str, str]) -> str:
    return f"{actions.ACTIONS.get(key[0]).label} · {actions.role_name(key[1])}"


def _words(key: tuple[str, str], limit: int | None) -> str:
    return limit_changes.limit_in_words(actions.ACTIONS.get(key[0]), limit)
