"""An item's figures, kept by the database along with the orders of it."""

# An order may move by a notification, a query, a closing or a bill: the database keeps the item's figures
# along with it, in the same transaction. Money that arrives after closing takes a piece again if one is left.
COUNT_SALE = """
CREATE FUNCTION shop_count_sale() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sale shop_sale%ROWTYPE;
    now_paid integer := (NEW.paid_at IS NOT NULL)::integer - (OLD.paid_at IS NOT NULL)::integer;
BEGIN
    SELECT * INTO sale FROM shop_sale WHERE order_id = NEW.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF now_paid <> 0 OR NEW.refunded <> OLD.refunded THEN
        UPDATE shop_item SET
            sold = sold + now_paid,
            paid = paid + now_paid * NEW.total,
            refunded = refunded + NEW.refunded - OLD.refunded
        WHERE id = sale.item_id;
    END IF;
    IF sale.held AND NEW.state IN ('closed', 'failed') THEN
        UPDATE shop_item SET taken = taken - 1 WHERE id = sale.item_id;
        UPDATE shop_sale SET held = false WHERE id = sale.id;
    ELSIF NOT sale.held AND now_paid = 1 THEN
        UPDATE shop_item SET taken = taken + 1
        WHERE id = sale.item_id AND (stock IS NULL OR taken < stock);
        IF FOUND THEN
            UPDATE shop_sale SET held = true WHERE id = sale.id;
        END IF;
    END IF;
    RETURN NULL;
END $$
"""
WATCH = """
CREATE TRIGGER count_sale AFTER UPDATE OF state, refunded ON orders_order FOR EACH ROW
WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.refunded IS DISTINCT FROM NEW.refunded)
EXECUTE FUNCTION shop_count_sale()
"""
DROP_COUNT_SALE = "DROP FUNCTION shop_count_sale()"
DROP_WATCH = "DROP TRIGGER count_sale ON orders_order"
