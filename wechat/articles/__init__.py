"""The articles: written here, kept as drafts at the platform, previewed and published."""
