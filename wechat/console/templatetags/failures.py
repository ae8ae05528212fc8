"""The filter ``{{ row.error|error_sentence }}``, which shows an error to staff."""

from django import template

from wechat.console import failures

register = template.Library()
register.filter("error_sentence", failures.sentence)
