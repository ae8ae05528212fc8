"""Thin functions over the client, one module per subject."""
