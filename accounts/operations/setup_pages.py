"""The guided set-up of an official account, step by step.

The account is created once its keys at the platform are known: until then, the session has the first step's
input.
"""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.official import call_refusals, checkup
from accounts.official.abilities import ABILITIES
from accounts.official.error_sentences import of_error
from accounts.official.models import OfficialAccount
from accounts.operations import arrivals, setup_steps
from accounts.operations.imports import IMPORTS
from accounts.operations.setup_forms import KeysForm, NameForm, ServerForm
from accounts.operations.setup_steps import SetupStep
from accounts.staff import audit
from accounts.staff.gate import Gate, frame, gated_page, reader
from accounts.staff.rights import Area, Rights, choose_account
from wechat.console import edit_conflicts, simultaneous_saves
from wechat.console.phrases import joined, labelled
from wechat.sdk.errors import WeChatError

DRAFT = "account_being_added"


def new(request: HttpRequest) -> HttpResponse:
    """Shows the first two steps, of which the second creates the account; for users who may add one."""
    if not Rights.of(request.user).everything:
        raise PermissionDenied
    draft: dict[str, str] | None = request.session.get(DRAFT)
    if draft and request.GET.get("step") != SetupStep.NAME:
        return _keys_of_new(request, draft)
    form = NameForm(request.POST or None, initial=draft or {"kind": OfficialAccount.Kind.SERVICE})
    if request.method == "POST" and form.is_valid():
        request.session[DRAFT] = form.cleaned_data
        return redirect("operations_setup")
    slug = str(form["slug"].value() or "…")
    callback_url = OfficialAccount(slug=slug).callback_url
    return _page(
        request, None, SetupStep.NAME, form=form, base=settings.PUBLIC_URL, callback_url=callback_url
    )


def _keys_of_new(request: HttpRequest, draft: dict[str, str]) -> HttpResponse:
    found = simultaneous_saves.answer(request, lambda: _created(request, draft))
    return _checked(request, found, SetupStep.KEYS) if isinstance(found, OfficialAccount) else found


def _created(request: HttpRequest, draft: dict[str, str]) -> OfficialAccount | HttpResponse:
    """Creates the account and returns it, or returns the page or redirect that says what is needed first."""
    if not NameForm(draft).is_valid():
        # The short name was taken meanwhile.
        return redirect(f"{reverse('operations_setup')}?step={SetupStep.NAME.value}")
    account = OfficialAccount(**draft)
    form = KeysForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, None, SetupStep.KEYS, form=form, draft=account)
    account.token, account.aes_key = setup_steps.new_token(), setup_steps.new_aes_key()
    _take_keys(account, form)
    del request.session[DRAFT]
    audit.record(request, account, _("Added the account."), flag=ADDITION)
    choose_account(request, account.pk)
    return account


def _find(request: HttpRequest, pk: int) -> OfficialAccount | None:
    return OfficialAccount.objects.filter(pk=pk).first()


def _own_id(request: HttpRequest, account: OfficialAccount) -> int:
    return int(account.pk)


@gated_page(_find, _own_id, Gate(Area.SETTINGS, change=True))
def step_page(request: HttpRequest, account: OfficialAccount, name: str) -> HttpResponse:
    """Shows one step of an existing account."""
    try:
        step = SetupStep(name)
    except ValueError:
        raise Http404 from None
    return SHOWN[step](request, account)


@gated_page(_find, _own_id, Gate(Area.SETTINGS, change=True))
def go_on(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Redirects to the first step that is not done."""
    return _to(account, setup_steps.first_open(account))


def _name(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    return redirect("admin:official_officialaccount_change", account.pk)


def _keys(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    with edit_conflicts.saving(request, account):
        given = {"appid": account.appid, "original_id": account.original_id}
        form = KeysForm(request.POST or None, initial=given, account=account)
        if is_saved := request.method == "POST" and form.is_valid():
            _take_keys(account, form)
            audit.record(request, account, _("Gave the keys of the account."))
    if is_saved:
        return _checked(request, account, SetupStep.KEYS)
    return _page(request, account, SetupStep.KEYS, form=form, findings=list(checkup.refused_calls(account)))


def _take_keys(account: OfficialAccount, form: KeysForm) -> None:
    account.appid, account.original_id = form.cleaned_data["appid"], form.cleaned_data["original_id"]
    if secret := form.cleaned_data["new_appsecret"]:
        account.appsecret = secret
    account.save()


def _server(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    if request.GET.get("part") == "arrivals":
        return TemplateResponse(request, "operations/arrivals.html", _arrived(account))
    with edit_conflicts.saving(request, account):
        form = ServerForm(account, request.POST if "save" in request.POST else None)
        if form.is_valid():
            _take_server(request, account, form)
            return _to(account, SetupStep.SERVER)
    shown: dict[str, Any] = {"findings": []}
    if request.method == "POST":
        if "generate" in request.POST:
            shown |= _generated(request, account)
        elif "check" in request.POST:
            shown["findings"] = list(checkup.reachable(account))
    return _page(request, account, SetupStep.SERVER, form=form, **_arrived(account), **shown)


def _generated(request: HttpRequest, account: OfficialAccount) -> dict[str, str]:
    """Creates, stores and returns a new token and key, which are shown only this once."""
    made = {"token": setup_steps.new_token(), "aes_key": setup_steps.new_aes_key()}
    with edit_conflicts.saving(request, account):
        account.change_callback_keys(**made)
        account.save()
    audit.record(request, account, _("Had a new Token and EncodingAESKey made."))
    return made


def _take_server(request: HttpRequest, account: OfficialAccount, form: ServerForm) -> None:
    former = account.get_mode_display()
    account.mode = form.cleaned_data["mode"]
    account.change_callback_keys(
        token=form.cleaned_data["new_token"], aes_key=form.cleaned_data["new_aes_key"]
    )
    account.save()
    name = str(_("message mode"))
    audit.record(
        request, account, _("Saved the server configuration."),
        {name: former}, {name: account.get_mode_display()},
    )  # fmt: skip
    messages.success(request, _("Saved. Now save the same on WeChat's page; this page tells when it came."))


def _arrived(account: OfficialAccount) -> dict[str, Any]:
    come = arrivals.of(account)
    return {
        "come": come,
        "wrong_names": [f"/wechat/{slug}/callback" for slug in come.wrong_slugs],
        "inbound": setup_steps.inbound_problems(account),
        "is_connected": setup_steps.is_connected(account),
        "original": account,
    }


def _addresses(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    if request.method == "POST":
        return _checked(request, account, SetupStep.ADDRESSES)
    standing = call_refusals.current(account.appid)
    refused = [each for each in standing if each.errcode == setup_steps.ADDRESS_REFUSED]
    return _page(request, account, SetupStep.ADDRESSES, refused=refused[0] if refused else None)


def _abilities(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    if request.method == "POST":
        return _checked(request, account, SetupStep.ABILITIES)
    found = [
        (ability.label, seen["able"], seen["at"])
        for name, ability in ABILITIES.items()
        if (seen := account.abilities.get(name))
    ]
    findings = list(checkup.refused_calls(account))
    return _page(request, account, SetupStep.ABILITIES, abilities=found, findings=findings)


def _imports(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    rights = Rights.of(request.user)
    if request.method == "POST":
        _import(request, account, rights)
        return _to(account, SetupStep.IMPORTS)
    offered = [
        {"name": name, "what": each, "state": each.state(account)}
        for name, each in IMPORTS.by_name().items()
        if rights.may_change(each.area, account.pk)
    ]
    if request.GET.get("part") == "imports":
        return TemplateResponse(request, "operations/imports.html", {"offered": offered, "original": account})
    return _page(request, account, SetupStep.IMPORTS, offered=offered)


def _import(request: HttpRequest, account: OfficialAccount, rights: Rights) -> None:
    what = IMPORTS.find(request.POST.get("what", ""))
    if what is None or not rights.may_change(what.area, account.pk):
        raise Http404
    try:
        summary = what.run(account, reader(request))
    except WeChatError as error:
        messages.error(request, labelled(what.label, of_error(error)))
    else:
        audit.record_with_message(request, account, summary)


def _checked(request: HttpRequest, account: OfficialAccount, step: SetupStep) -> HttpResponse:
    """Checks the keys with the platform, and redirects to the next step if nothing is wrong."""
    wrong = setup_steps.check_keys(account)
    for each in wrong:
        messages.error(request, joined([each.sentence, each.next_step]))
    if wrong:
        return _to(account, step)
    messages.success(request, _("WeChat was asked and knows the account."))
    return _to(account, step if step is SetupStep.ABILITIES else setup_steps.following(step) or step)


def _to(account: OfficialAccount, step: SetupStep) -> HttpResponse:
    return redirect("operations_setup_step", account.pk, step.value)


SHOWN = {
    SetupStep.NAME: _name,
    SetupStep.KEYS: _keys,
    SetupStep.SERVER: _server,
    SetupStep.ADDRESSES: _addresses,
    SetupStep.ABILITIES: _abilities,
    SetupStep.IMPORTS: _imports,
}


def _page(
    request: HttpRequest, account: OfficialAccount | None, step: SetupStep, **context: Any
) -> HttpResponse:
    around = frame(request, _("Set up an account")) if account else admin.site.each_context(request)
    shown = {
        "title": _("Set up an account"),
        "original": account,
        "step": step,
        "steps": setup_steps.entries(account, step),
        "next": setup_steps.following(step),
    }
    return TemplateResponse(request, f"operations/setup_{step.value}.html", {**around, **shown, **context})
