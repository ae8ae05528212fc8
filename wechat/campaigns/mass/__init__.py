"""The mass sends through the platform."""
