"""`make run`: everything at once, for development and for trying it out."""
