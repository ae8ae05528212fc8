"""The filter of WeChat Pay's errors for staff: ``{{ refund.error|pay_words }}``."""

from django import template

from payments.merchants import error_words

register = template.Library()
register.filter("pay_words", error_words.of_text)
