"""How dates and times are written, in every language as in our own lists."""
