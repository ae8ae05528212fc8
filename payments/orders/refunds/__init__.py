"""Giving money back: asked for, agreed to, called for, and what WeChat Pay says of it."""
