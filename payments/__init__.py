"""WeChat Pay: orders, refunds and their reconciliation."""
