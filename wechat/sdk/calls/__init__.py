"""The calls of the platform's API, as thin functions over the client, one module per subject."""
