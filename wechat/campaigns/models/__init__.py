from wechat.campaigns.models.campaigns import AudienceRow, Campaign, Variant
from wechat.campaigns.models.enrolments import Enrolment, StepRun
from wechat.campaigns.models.mass import MassCall, MassPreview, MassRecipient, MassReport, MassSend
from wechat.campaigns.models.recipients import Recipient, Seed
from wechat.campaigns.models.sequences import Sequence, SequenceStep

__all__ = [
    "AudienceRow",
    "Campaign",
    "Enrolment",
    "MassCall",
    "MassPreview",
    "MassRecipient",
    "MassReport",
    "MassSend",
    "Recipient",
    "Seed",
    "Sequence",
    "SequenceStep",
    "StepRun",
    "Variant",
]
