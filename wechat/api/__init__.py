"""The signed API of business systems: clients, signatures, replay protection, idempotency."""
