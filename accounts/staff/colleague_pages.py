"""The pages where an owner invites colleagues, changes their roles, and ends their access."""

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit, colleagues, first_password, second_factor, sessions
from accounts.staff.colleague_forms import InviteForm, PersonalDataForm, RolesForm, SecondStepForm
from accounts.staff.gate import Gate, account_page, frame, gated_page
from accounts.staff.models import RecoveryCode, SecondFactor, StaffRight, Withheld
from accounts.staff.rights import Area, Rights, Role, current_account
from wechat.console import edit_conflicts, simultaneous_saves


@account_page(Area.SETTINGS)
def listed(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows everybody with a role in one of the reader's accounts."""
    seen = _accounts(request, Rights.of(request.user).viewable(Area.SETTINGS))
    context = frame(request, _("Colleagues"), people=colleagues.of_accounts(seen), several=len(seen) > 1)
    return TemplateResponse(request, "staff/colleagues.html", context)


@account_page(Area.SETTINGS, change=True)
@simultaneous_saves.checks_again
def invite(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Invites a colleague, and then shows the link to set the first password, which is shown only once."""
    form = InviteForm(_own_accounts(request), account.pk, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        accounts = form.chosen_accounts()
        user = colleagues.invite(given["name"], given["username"], given["email"], accounts, given["role"])
        audit.record(request, StaffRight.objects.filter(user=user), _("Invited."))
        return _link_page(request, user)
    return TemplateResponse(request, "staff/invite.html", frame(request, _("Invite a colleague"), form=form))


def _shared_account(request: HttpRequest, user: User) -> int | None:
    shown = current_account(request)
    return colleagues.account_shared(request, user, shown.pk if shown else None)


_about_a_colleague = gated_page(colleagues.find, _shared_account, Gate(Area.SETTINGS))


@_about_a_colleague
@edit_conflicts.locks_row
def show(request: HttpRequest, user: User) -> HttpResponse:
    """Shows a colleague's roles; a POST changes them, except the reader's own."""
    is_self = user.pk == request.user.pk
    form = RolesForm(user, _own_accounts(request), None if is_self else request.POST or None)
    if request.method == "POST":
        _refuse_self(request, user)
        if form.is_valid():
            return _kept(request, user, form)
    rights = Rights.of(request.user)
    seen = _accounts(request, rights.viewable(Area.SETTINGS))
    context = frame(
        request, colleagues.name_of(user), person=user, form=form, is_self=is_self,
        colleague=colleagues.of_accounts(seen, user)[0],
        sessions=sessions.of_user(user), has_second=second_factor.has(user),
        may_reset_access=rights.changeable(Area.SETTINGS) and colleagues.may_reset_access(rights, user),
    )  # fmt: skip
    return TemplateResponse(request, "staff/colleague.html", context)


@require_POST
@_about_a_colleague
def make_link(request: HttpRequest, user: User) -> HttpResponse:
    """Makes a new link to set a password, for somebody who lost the first link or forgot the password."""
    if not colleagues.may_reset_access(Rights.of(request.user), user):
        raise PermissionDenied
    audit.record(request, _rights(request, user), _("Made a link to set a password."))
    return _link_page(request, user)


@require_POST
@_about_a_colleague
def end_access(request: HttpRequest, user: User) -> HttpResponse:
    _refuse_self(request, user)
    ended = _rights(request, user)
    audit.record(request, ended, _("Ended the access."))
    colleagues.end_access(user, _own_accounts(request))
    return _without_access(request, user)


@require_POST
@_about_a_colleague
def end_sessions(request: HttpRequest, user: User) -> HttpResponse:
    """Ends all sessions of a colleague, as after a computer was lost."""
    count = sessions.end(sessions.of_user(user))
    if count:
        audit.record(request, _rights(request, user), _("Ended the sessions."))
    messages.success(request, ngettext("%d session is ended.", "%d sessions are ended.", count) % count)
    return redirect("admin:staff_colleague", user.pk)


@require_POST
@_about_a_colleague
def forget_second(request: HttpRequest, user: User) -> HttpResponse:
    """Deletes the second step of a colleague who lost both the phone and the recovery codes.

    After that the password alone is enough, until another second step is set up.
    """
    if not colleagues.may_reset_access(Rights.of(request.user), user):
        raise PermissionDenied
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    audit.record(request, _rights(request, user), _("Took away the second step."))
    messages.success(request, _("The second step is gone; it can be set up again."))
    return redirect("admin:staff_colleague", user.pk)


@account_page(Area.SETTINGS)
@edit_conflicts.locks_row
def rules(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows and sets the roles that need a second step to sign in."""
    form = SecondStepForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        before, after = form.save()
        if before != after:
            roles = str(_("Roles with a second step"))
            audit.record(
                request,
                account,
                "",
                {roles: colleagues.in_words(before)},
                {roles: colleagues.in_words(after)},
            )
        messages.success(request, _("It holds from the next sign-in on."))
        return redirect("admin:staff_second_factor_rules")
    lead = _(
        "Whoever has one of these roles needs an authenticator app or a passkey besides the "
        "password, from the next sign-in on; who has none is asked to set one up then."
    )
    context = frame(request, _("Second step of signing in"), form=form, lead=lead)
    return TemplateResponse(request, "staff/rules.html", context)


@account_page(Area.SETTINGS)
@edit_conflicts.locks_row
def personal(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows and sets the roles that may see personal data and those that may export it."""
    form = PersonalDataForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        after = form.save()
        if after != form.before:
            audit.record(request, account, _("Personal data"), _withheld(form.before), _withheld(after))
        messages.success(request, _("It holds from now on."))
        return redirect("admin:staff_personal_data")
    lead = _(
        "A role sees people where its pages show them, and takes their data along where it may "
        "export. Take a tick away to withhold one of them; what is withheld is masked. Owners "
        "cannot lock themselves out of this page."
    )
    context = frame(request, _("Personal data"), form=form, lead=lead)
    return TemplateResponse(request, "staff/rules.html", context)


def _withheld(found: set[tuple[str, str]]) -> dict[str, str]:
    return {
        f"{Role(role).label} · {Withheld.What(what).label}": _("withheld") for role, what in sorted(found)
    }


def _kept(request: HttpRequest, user: User, form: RolesForm) -> HttpResponse:
    changed = form.changed()
    colleagues.set_roles(user, {account.pk: after for account, _before, after in changed})
    for account, before, after in changed:
        role = str(_("Role"))
        words = {role: colleagues.in_words(before)}, {role: colleagues.in_words(after)}
        audit.record(request, user, account.name, *words)
    if colleagues.find(request, user.pk) is None:
        return _without_access(request, user)
    messages.success(request, _("The roles are changed."))
    return redirect("admin:staff_colleague", user.pk)


def _without_access(request: HttpRequest, user: User) -> HttpResponse:
    messages.success(
        request, _("%(name)s has no access to your accounts any more.") % {"name": colleagues.name_of(user)}
    )
    return redirect("admin:staff_colleagues")


def _link_page(request: HttpRequest, user: User) -> HttpResponse:
    link = first_password.link_for(user)
    context = frame(
        request, _("Link to set a password"), person=user, link=link, days=first_password.DAYS,
        mailed=first_password.mail(user, link),
    )  # fmt: skip
    response = TemplateResponse(request, "staff/password_link.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _refuse_self(request: HttpRequest, user: User) -> None:
    """Raises ``PermissionDenied`` if the user is the reader: an account could be left without an owner."""
    if user.pk == request.user.pk:
        raise PermissionDenied


def _rights(request: HttpRequest, user: User) -> list[StaffRight]:
    own = StaffRight.objects.filter(user=user, account__in=_own_accounts(request))
    return list(own.select_related("user", "account"))


def _own_accounts(request: HttpRequest) -> Mapping[int, OfficialAccount]:
    return _accounts(request, Rights.of(request.user).changeable(Area.SETTINGS))


def _accounts(request: HttpRequest, numbers: list[int]) -> Mapping[int, OfficialAccount]:
    known = Rights.of(request.user).accounts
    return {pk: known[pk] for pk in numbers}
