"""A word that is typed before what cannot be undone: nobody types it by mistake.

The form includes ``console/typed_word.html``.
"""

from typing import Any

from django.http import HttpRequest


def is_typed(request: HttpRequest, word: str) -> bool:
    """Returns whether the form was sent with the word in it."""
    return request.method == "POST" and request.POST.get("word", "").strip() == word


def context(request: HttpRequest, word: str) -> dict[str, Any]:
    """Returns what the part of the form needs."""
    return {"word": word, "word_is_wrong": "word" in request.POST and not is_typed(request, word)}
