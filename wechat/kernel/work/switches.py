"""The switches of subjects: while an account is switched off nothing is done for it, and its rows wait."""

from django.db.models import Model

# The field that tells whether a subject is on, by the model of subjects.
SWITCHES: dict[type[Model], str] = {}
