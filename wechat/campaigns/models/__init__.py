from wechat.campaigns.models.mass import MassCall, MassPreview, MassRecipient, MassReport, MassSend

__all__ = [
    "MassCall",
    "MassPreview",
    "MassRecipient",
    "MassReport",
    "MassSend",
]
