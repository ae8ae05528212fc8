"""WeChat Pay for a direct merchant (直连商户): API v3, and what is left of v2."""
