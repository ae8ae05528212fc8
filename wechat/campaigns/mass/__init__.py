"""The mass sends: one message to many followers through the platform's own API."""
