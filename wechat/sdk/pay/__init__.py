"""The API of WeChat Pay for a direct merchant (直连商户): v3, and the parts of v2 that are still in use."""
