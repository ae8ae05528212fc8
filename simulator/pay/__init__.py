"""The simulator of WeChat Pay: merchants, orders, refunds, notifications and bills (pay reference)."""
