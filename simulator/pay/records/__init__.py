"""What WeChat Pay keeps about each kind of thing; `state` holds them together."""
