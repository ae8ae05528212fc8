"""Where service staff talk with followers."""
