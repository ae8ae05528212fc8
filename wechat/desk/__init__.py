"""The service desk, where staff talk with followers."""
