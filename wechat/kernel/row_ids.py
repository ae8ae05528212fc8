"""Ids of rows as they come with a request."""

# PostgreSQL's bigint has 19 digits; none of ours comes near.
MOST_DIGITS = 18


def row_id(text: str) -> int | None:
    """Returns the id, or ``None`` for what can be none; a text of thousands of digits is not even counted."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
