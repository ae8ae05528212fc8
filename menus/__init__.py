"""Custom menus: their drafts, publication and statistics."""
