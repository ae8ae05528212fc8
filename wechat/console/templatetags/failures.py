"""The filter of errors for staff: ``{{ row.error|error_sentence }}``."""

from django import template

from wechat.console import failures

register = template.Library()
register.filter("error_sentence", failures.sentence)
