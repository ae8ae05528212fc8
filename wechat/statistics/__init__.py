"""The platform's own statistics, kept day by day, and shown beside what was counted here."""
