"""The formats of dates and times: the same in every language, and as in our own lists."""
