"""The sequences: messages that follow one another at set delays after an event."""
