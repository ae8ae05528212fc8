"""The filter of texts that we send, with links: ``{{ text|linked }}``. A follower's text is never linked."""

from django import template

from wechat.console.text_links import linked as drawn

register = template.Library()
register.filter("linked", drawn)
