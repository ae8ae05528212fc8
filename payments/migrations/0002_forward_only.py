import json

from django.db import migrations

from wechat.kernel.editions import count_edits

# Frozen here; a test compares them with the tables in `states`.
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
    "abnormal": ["success", "closed"],
    "success": [],
    "closed": [],
    "refused": [],
    "rejected": [],
}
CREATE = """
CREATE FUNCTION payments_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (TG_ARGV[0]::jsonb -> OLD.state ? NEW.state) THEN
        RAISE EXCEPTION '% % cannot go from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def forward_only(table: str, moves: dict[str, list[str]]) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER forward_only BEFORE UPDATE OF state ON {table} FOR EACH ROW "
        f"WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        f"EXECUTE FUNCTION payments_check_move('{json.dumps(moves)}')",
        f"DROP TRIGGER forward_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION payments_check_move()"),
        forward_only("payments_order", ORDER_MOVES),
        forward_only("payments_refund", REFUND_MOVES),
        # The notify address finds its merchant in the process.
        count_edits("payments_merchant", "merchants"),
        count_edits("payments_platformcertificate", "merchants"),
    ]
