"""The sequences: messages and other steps at set delays after an event."""
