"""What we say, as staff write it: a content with its files, the form for it, its checks and variables."""
