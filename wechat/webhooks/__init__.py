"""The webhooks: events for business systems, with endpoints, deliveries and their log."""
