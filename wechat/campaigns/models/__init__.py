from wechat.campaigns.models.campaigns import AudienceRow, Campaign, Variant
from wechat.campaigns.models.mass import MassCall, MassPreview, MassRecipient, MassReport, MassSend
from wechat.campaigns.models.recipients import Recipient, Seed
from wechat.campaigns.models.sequences import Enrolment, Sequence, SequenceStep, StepRun

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
