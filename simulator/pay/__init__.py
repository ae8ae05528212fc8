"""WeChat Pay, the other side: merchants, orders, refunds, notifications and bills (pay reference)."""
