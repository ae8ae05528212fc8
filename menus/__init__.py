"""The custom menus: their drafts, publication and statistics."""
