"""The filter ``{{ text|linked }}`` for texts that we send; a follower's text is never linked."""

from django import template

from wechat.console.text_links import linked as drawn

register = template.Library()
register.filter("linked", drawn)
