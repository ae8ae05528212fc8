"""``{{ text|linked }}``: a text that we send, with its links. What a follower wrote is never linked."""

from django import template

from wechat.console.text_links import linked as drawn

register = template.Library()
register.filter("linked", drawn)
