"""Sending through the platform to many at once."""
