from wechat.campaigns.models.mass import MassCall, MassPreview, MassRecipient, MassReport, MassSend
from wechat.campaigns.models.sequences import Enrolment, Sequence, SequenceStep, StepRun

__all__ = [
    "Enrolment",
    "MassCall",
    "MassPreview",
    "MassRecipient",
    "MassReport",
    "MassSend",
    "Sequence",
    "SequenceStep",
    "StepRun",
]
