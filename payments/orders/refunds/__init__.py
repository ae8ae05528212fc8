"""The refunds: their requests, approvals, calls to WeChat Pay, and its reports."""
