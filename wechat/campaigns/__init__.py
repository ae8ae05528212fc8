"""The sends to an audience: campaigns, mass sends and sequences."""
