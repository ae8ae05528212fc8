"""The confirmation of an irreversible action by typing a word.

The form includes ``console/typed_word.html``.
"""

from typing import Any

from django.http import HttpRequest


def is_typed(request: HttpRequest, word: str) -> bool:
    """Returns whether the form was sent with the word in it."""
    return request.method == "POST" and request.POST.get("word", "").strip() == word


def context(request: HttpRequest, word: str) -> dict[str, Any]:
    """Returns the template context of that part of the form."""
    return {"word": word, "word_is_wrong": "word" in request.POST and not is_typed(request, word)}
