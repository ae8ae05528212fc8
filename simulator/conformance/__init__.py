"""Other people's clients, as they are published, driven against the simulator; the table of what passes."""
