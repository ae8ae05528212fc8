"""The reading of row ids from requests."""

# PostgreSQL's bigint has 19 digits; none of ours comes near.
MOST_DIGITS = 18


def row_id(text: str) -> int | None:
    """Returns the id, or ``None`` for a text that is none; very long texts are not converted at all."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
