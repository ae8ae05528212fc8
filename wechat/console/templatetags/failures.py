"""``{{ row.error|error_sentence }}``: what went wrong, for staff."""

from django import template

from wechat.console import failures

register = template.Library()
register.filter("error_sentence", failures.sentence)
