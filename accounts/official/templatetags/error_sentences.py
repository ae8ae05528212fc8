"""The filter of errors for staff: ``{{ row.error|error_sentence }}``."""

from django import template

from accounts.official import error_sentences

register = template.Library()
register.filter("error_sentence", error_sentences.rendered)
