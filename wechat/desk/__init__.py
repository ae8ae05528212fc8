"""The service desk, at which staff talk with followers."""
