"""The contents that staff write: the model with its files, the form, the checks and the variables."""
