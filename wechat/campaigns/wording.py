"""The variables of a campaign's texts, and the check of its content against its settings.

A draft may be given another audience, way or template after its texts were written.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wechat.campaigns.audience_file import COMMON_VARIABLES
from wechat.campaigns.models import Campaign, Variant
from wechat.console.phrases import joined
from wechat.contents.checks import check_variables
from wechat.contents.text_editor import named
from wechat.contents.variables import Variable


def variables_of(campaign: Campaign) -> dict[str, Variable]:
    """Returns the variables of a campaign's texts: the columns of its table, and those known for everybody.

    A recipient whose row is empty for a column gets no message that needs it.
    """
    columns = {name: Variable(name, "") for name in campaign.columns}
    return {**columns, **named(COMMON_VARIABLES)}


def title_of(variant: Variant) -> str:
    """Returns the title of a variant on the pages; one that is alone has no letter."""
    if variant.campaign.variants.exclude(letter=variant.letter).exists():
        return _("Variant %s") % variant.letter
    return _("What followers read")


def check(campaign: Campaign) -> None:
    """Checks the content of a campaign. Raises ``ValidationError`` with what has to be done first."""
    variants = list(campaign.variants.order_by("letter"))
    if not variants:
        raise ValidationError(_("Write what it says, then work out who gets it."))
    for variant in variants:
        try:
            _check(campaign, variant)
        except ValidationError as error:
            sentence = _("“%(variant)s” has to be edited: %(why)s")
            raise ValidationError(
                sentence % {"variant": title_of(variant), "why": joined(error.messages)}
            ) from None


def _check(campaign: Campaign, variant: Variant) -> None:
    if campaign.uses_service:
        if not variant.content:
            raise ValidationError(_("The customer-service message is not written yet."))
        check_variables(variant.content, variables_of(campaign))
    if campaign.uses_template and campaign.template:
        if variant.values.keys() != {field.name for field in campaign.template.fields}:
            sentence = _("The values of the template “%(template)s” are not filled in yet.")
            raise ValidationError(sentence % {"template": campaign.template})
        check_variables([variant.values, variant.url, variant.pagepath], variables_of(campaign))
