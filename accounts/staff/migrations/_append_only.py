"""What keeps the audit log as it was written, in the database itself."""

# Only the seal is put on an entry, once; everything else that would change or take it away is refused.
REFUSE = """
CREATE FUNCTION staff_keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'audit entries are there to stay' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
        AND to_jsonb(NEW) - 'number' - 'hash' = to_jsonb(OLD) - 'number' - 'hash'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit entry % is there to stay as it is', OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON staff_auditentry
    FOR EACH ROW EXECUTE FUNCTION staff_keep_audit();
CREATE TRIGGER audit_entries_stay BEFORE TRUNCATE ON staff_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION staff_keep_audit();
"""
NO_LONGER = """
DROP TRIGGER audit_entries_stay ON staff_auditentry;
DROP TRIGGER audit_entry_stays ON staff_auditentry;
DROP FUNCTION staff_keep_audit();
"""
