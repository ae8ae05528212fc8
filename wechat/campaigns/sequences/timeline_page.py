"""The page of a sequence's timeline with its editor, in which one step is open at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.followers import segments, selection
from accounts.followers.models import Follower
from accounts.followers.segment_form import ConditionForm, conditions, rows_in
from accounts.staff import audit
from accounts.staff.gate import entered, frame, object_page
from accounts.staff.rights import Area
from wechat.campaigns.models import Sequence, SequenceStep
from wechat.campaigns.sequences import editing, enrolling, paths, report, timeline, triggers
from wechat.campaigns.sequences.paths import NoSuchPlace, Place, TooDeep
from wechat.campaigns.sequences.running import steps_of
from wechat.campaigns.sequences.step_forms import TimedForm, form_of
from wechat.console import edit_conflicts
from wechat.contents.form import ContentForm
from wechat.kernel.row_ids import row_id

Type = SequenceStep.Type


@dataclass(slots=True)
class StepPanel:
    """The open panel of the editor: a new step with its place, or an existing step."""

    step: SequenceStep
    form: TimedForm
    place: Place | None = None
    filled: list[ConditionForm] = field(default_factory=list)
    show_errors: bool = False

    @property
    def is_branch(self) -> bool:
        return self.step.type == Type.BRANCH

    def is_valid(self) -> bool:
        """Returns whether the step can be saved; a branch needs at least one condition."""
        are_filled = [each.is_valid() for each in self.filled]
        if self.is_branch and not self.filled:
            self.form.add_error(None, _("Add at least one condition."))
        return self.form.is_valid() and all(are_filled)


def sequences() -> "QuerySet[Sequence]":
    return Sequence.objects.select_related("account", "channel", "tag", "segment", "date_field")


@object_page(sequences, Area.SENDING)
@edit_conflicts.locks_row
def show(request: HttpRequest, sequence: Sequence) -> HttpResponse:
    """Shows the timeline.

    A POST does what its button says, or renders the conditions of a branch as they are filled in.
    """
    if request.method == "POST" and "do" in request.POST:
        return _done(request, sequence)
    panel = _panel(request, sequence)
    if request.method == "POST" and panel is not None:
        if "save" in request.POST:
            panel.show_errors = True
            if panel.is_valid() and (saved := _saved(request, sequence, panel)):
                return saved
        elif request.POST.get("part"):
            return TemplateResponse(
                request, "followers/segment_rows.html", frame(request, "", **_counted(sequence, panel))
            )
    return _page(request, sequence, panel)


def _page(request: HttpRequest, sequence: Sequence, panel: StepPanel | None) -> HttpResponse:
    steps = steps_of(sequence.pk)
    shown = timeline.of(sequence, steps)
    may_change = entered(request).may_change
    context = frame(
        request,
        sequence.name,
        opts=Sequence._meta,
        sequence=sequence,
        begins=triggers.in_words(sequence),
        shown=shown,
        first=timeline.first_gap(),
        gaps=[timeline.first_gap(), *timeline.gaps(shown)],
        counted=report.people([sequence])[sequence.pk],
        types=Type.choices if may_change and len(steps) < paths.MOST else [],
        panel=panel if may_change else None,
        removing=row_id(request.GET.get("remove", "")) if may_change else None,
        **(_counted(sequence, panel) if panel is not None and panel.is_branch else {}),
    )
    return TemplateResponse(request, "campaigns/sequence_timeline.html", context)


def _panel(request: HttpRequest, sequence: Sequence) -> StepPanel | None:
    """Returns the panel that the address opens, bound to the posted data; ``None`` if it opens none.

    Raises ``Http404`` for a step that no longer exists.
    """
    if (kind := request.GET.get("add", "")) in Type:
        step = SequenceStep(sequence=sequence, type=kind)
        if kind != Type.MESSAGE:
            step.content = {}
        place: Place | None = Place.read(request.GET.get("at", ""))
    elif pk := row_id(request.GET.get("step", "")):
        place, found = None, sequence.steps.select_related("template", "asset", "cover", "tag").filter(pk=pk)
        if (there := found.first()) is None:
            raise Http404
        step = there
        step.sequence = sequence
    else:
        return None
    is_filled = request.method == "POST"
    panel = StepPanel(step, form_of(step, request.POST if is_filled else None), place)
    if panel.is_branch:
        new = [segments.Condition(field="", compare="", value="")] if place else []
        panel.filled = conditions(
            sequence.account, rows_in(request.POST) if is_filled else step.conditions or new
        )
    return panel


def _counted(sequence: Sequence, panel: StepPanel) -> dict[str, Any]:
    """Returns the context for the rows of conditions, with the number of followers who meet them now."""
    shown = {"conditions": panel.filled, "show_errors": panel.show_errors, "count": None}
    if not panel.filled or not all(each.is_valid() for each in panel.filled):
        return shown
    try:
        asked = segments.query(
            sequence.account,
            [each.row for each in panel.filled],
            any_of=panel.form["match"].value() == "any",
        )
    except segments.UnknownCondition:
        return shown
    count, exact = selection.count(Follower.objects.filter(asked, account=sequence.account_id))
    return {**shown, "count": count, "exact": exact}


def _saved(request: HttpRequest, sequence: Sequence, panel: StepPanel) -> HttpResponse | None:
    step = panel.form.instance
    step.conditions = [each.row for each in panel.filled]
    try:
        if panel.place is not None:
            editing.add(step, panel.place)
        else:
            editing.change(step)
    except (NoSuchPlace, TooDeep, editing.TooMany) as error:
        panel.form.add_error(None, WHY_NOT[type(error)]())
        return None
    words = _("Added a step: %(step)s") if panel.place else _("Changed a step: %(step)s")
    audit.record(request, sequence, words % {"step": step})
    if isinstance(panel.form, ContentForm) and (caution := panel.form.caution):
        messages.warning(request, caution)
    messages.success(request, _("Saved. It counts for everybody who has not reached the step yet."))
    return _back(sequence, step.pk)


# --- The buttons


def _done(request: HttpRequest, sequence: Sequence) -> HttpResponse:
    do = BUTTONS.get(request.POST["do"])
    if do is None:
        raise Http404
    pk = row_id(request.POST.get("step", "")) or 0
    try:
        words = do(request, sequence, pk)
    except (NoSuchPlace, TooDeep) as error:
        messages.error(request, WHY_NOT[type(error)]())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        audit.record_with_message(request, sequence, words)
    return _back(sequence, pk)


def _switch_on(request: HttpRequest, sequence: Sequence, pk: int) -> str:
    if not sequence.steps.exists():
        raise ValidationError(_("Add at least one step before you switch the sequence on."))
    needed = triggers.NEEDS.get(sequence.trigger)
    if needed and not getattr(sequence, needed):
        raise ValidationError(_("What the sequence begins with was deleted. Choose anew under “Settings”."))
    enrolling.switch(sequence, on=True)
    return _("Switched it on.")


def _switch_off(request: HttpRequest, sequence: Sequence, pk: int) -> str:
    enrolling.switch(sequence, on=False)
    return _("Switched it off.")


def _move(request: HttpRequest, sequence: Sequence, pk: int) -> str:
    editing.move(sequence, pk, Place.read(request.POST.get("to", "")))
    return _("Moved a step.")


def _up(request: HttpRequest, sequence: Sequence, pk: int) -> str:
    editing.move_by_one(sequence, pk, up=True)
    return _("Moved a step.")


def _down(request: HttpRequest, sequence: Sequence, pk: int) -> str:
    editing.move_by_one(sequence, pk, up=False)
    return _("Moved a step.")


def _remove(request: HttpRequest, sequence: Sequence, pk: int) -> str:
    editing.remove(sequence, pk)
    return _("Removed a step.")


BUTTONS: dict[str, Callable[[HttpRequest, Sequence, int], str]] = {
    "on": _switch_on, "off": _switch_off, "move": _move, "up": _up, "down": _down, "remove": _remove,
}  # fmt: skip
WHY_NOT: dict[type[Exception], Callable[[], str]] = {
    NoSuchPlace: lambda: _("The sequence is not as this page showed it, or the step cannot go there."),
    TooDeep: lambda: _("Branches in branches in branches are enough: nobody could follow them."),
    editing.TooMany: lambda: _("A sequence has %d steps at most.") % paths.MOST,
}


def _back(sequence: Sequence, step: int) -> HttpResponse:
    page = redirect("admin:campaigns_sequence_change", sequence.pk)
    if step:
        page["Location"] += f"#step-{step}"
    return page
