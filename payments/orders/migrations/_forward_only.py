"""The moves of orders and refunds as triggers, so that no code, ours or a person's, moves money backwards."""

import json

from django.db import migrations

# Frozen here; a test compares them with the tables in ``states``.
ORDER_MOVES = {
    "created": ["paying", "closing", "closed", "failed", "paid"],
    "paying": ["closing", "closed", "paid"],
    "closing": ["closed", "paid"],
    "closed": ["paid"],
    "failed": ["paid"],
    "paid": ["partly", "refunded"],
    "partly": ["refunded"],
    "refunded": [],
}
REFUND_MOVES = {
    "waiting": ["pending", "rejected"],
    "pending": ["processing", "abnormal", "success", "closed", "refused"],
    "processing": ["abnormal", "success", "closed"],
    "abnormal": ["processing", "success", "closed"],
    "success": [],
    "closed": [],
    "refused": [],
    "rejected": [],
}
CHECK_MOVE = """
CREATE FUNCTION orders_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (TG_ARGV[0]::jsonb -> OLD.state ? NEW.state) THEN
        RAISE EXCEPTION '% % cannot go from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
DROP_CHECK_MOVE = "DROP FUNCTION orders_check_move()"


def forward_only(table: str, moves: dict[str, list[str]]) -> migrations.RunSQL:
    """A migration operation: the table's state makes none but these moves."""
    return migrations.RunSQL(
        f"CREATE TRIGGER forward_only BEFORE UPDATE OF state ON {table} FOR EACH ROW "
        f"WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        f"EXECUTE FUNCTION orders_check_move('{json.dumps(moves)}')",
        f"DROP TRIGGER forward_only ON {table}",
    )
