from wechat.campaigns.models.campaigns import AudienceRow, Campaign, Recipient, Seed, Variant

__all__ = ["AudienceRow", "Campaign", "Recipient", "Seed", "Variant"]
