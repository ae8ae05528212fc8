"""The contents that staff write, with their files, form, checks and variables."""
