"""What no service bug may write of pendings: a change, a second end, more posted than was claimed (IN3, IN4)."""

from django.db import migrations

APPEND_ONLY = """
CREATE TRIGGER ledger_pending_append_only BEFORE UPDATE OR DELETE ON ledger_pending
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_pending_no_truncate BEFORE TRUNCATE ON ledger_pending
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_resolution_append_only BEFORE UPDATE OR DELETE ON ledger_resolution
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_resolution_no_truncate BEFORE TRUNCATE ON ledger_resolution
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

# The pending sums of limited accounts follow claims and their ends; rows are locked in the order of their ids.
SUMS = """
CREATE FUNCTION ledger_move_pending(debits bigint[], credits bigint[], amounts bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM ledger_account
        WHERE (id = ANY(debits) OR id = ANY(credits)) AND "limit" <> 'none' ORDER BY id FOR NO KEY UPDATE;
    UPDATE ledger_account account
        SET pending_debit_minor = account.pending_debit_minor + moved.debit,
            pending_credit_minor = account.pending_credit_minor + moved.credit
        FROM (
            SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM (
                SELECT d AS account_id, amount AS debit, 0 AS credit FROM unnest(debits, amounts) AS x (d, amount)
                UNION ALL
                SELECT c, 0, amount FROM unnest(credits, amounts) AS y (c, amount)
            ) sides GROUP BY account_id
        ) moved
        WHERE account.id = moved.account_id AND account."limit" <> 'none';
END $$;

CREATE FUNCTION ledger_follow_pendings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added JOIN ledger_account debit ON debit.id = added.debit_id
        JOIN ledger_account credit ON credit.id = added.credit_id WHERE debit.book <> credit.book
    ) THEN
        RAISE EXCEPTION 'a pending needs two accounts of one book' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM ledger_move_pending(array_agg(debit_id), array_agg(credit_id), array_agg(amount_minor))
        FROM added HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_pending_sums AFTER INSERT ON ledger_pending REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_follow_pendings();

CREATE FUNCTION ledger_follow_resolutions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_move_pending(
            array_agg(pending.debit_id), array_agg(pending.credit_id), array_agg(-pending.amount_minor))
        FROM added JOIN ledger_pending pending ON pending.id = added.pending_id HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_resolution_sums AFTER INSERT ON ledger_resolution REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_follow_resolutions();
"""

# At commit: what posted a pending moves one amount between its two accounts, at most what was claimed.
POSTED = """
CREATE FUNCTION ledger_check_resolution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.transaction_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM ledger_pending pending
        JOIN ledger_entry debit ON debit.transaction_id = NEW.transaction_id
            AND debit.account_id = pending.debit_id AND debit.side = 'D' AND debit.amount_minor <= pending.amount_minor
        JOIN ledger_entry credit ON credit.transaction_id = NEW.transaction_id
            AND credit.account_id = pending.credit_id AND credit.side = 'C'
        JOIN ledger_transaction booking ON booking.id = NEW.transaction_id AND booking.entry_count = 2
        WHERE pending.id = NEW.pending_id
    ) THEN
        RAISE EXCEPTION 'transaction % does not post pending % or a part of it', NEW.transaction_id, NEW.pending_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_resolution_within_pending AFTER INSERT ON ledger_resolution
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_resolution();
"""

OPENED_EMPTY = """
CREATE OR REPLACE FUNCTION ledger_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.debit_minor, NEW.credit_minor{pending}) <> (0, 0{zeros}) THEN
            RAISE EXCEPTION 'account % must be opened empty', NEW.code
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF pg_trigger_depth() < 2 OR (NEW.book, NEW.code, NEW."limit") <> (OLD.book, OLD.code, OLD."limit") THEN
        RAISE EXCEPTION 'account % changes by its entries only', OLD.code
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
WITH_PENDINGS = OPENED_EMPTY.format(pending=", NEW.pending_debit_minor, NEW.pending_credit_minor", zeros=", 0, 0")

UNDO = """
DROP TRIGGER ledger_resolution_within_pending ON ledger_resolution;
DROP TRIGGER ledger_resolution_sums ON ledger_resolution;
DROP TRIGGER ledger_pending_sums ON ledger_pending;
DROP TRIGGER ledger_resolution_no_truncate ON ledger_resolution;
DROP TRIGGER ledger_resolution_append_only ON ledger_resolution;
DROP TRIGGER ledger_pending_no_truncate ON ledger_pending;
DROP TRIGGER ledger_pending_append_only ON ledger_pending;
DROP FUNCTION ledger_check_resolution;
DROP FUNCTION ledger_follow_resolutions;
DROP FUNCTION ledger_follow_pendings;
DROP FUNCTION ledger_move_pending;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_pendings")]

    operations = [
        migrations.RunSQL(
            APPEND_ONLY + SUMS + POSTED + WITH_PENDINGS, UNDO + OPENED_EMPTY.format(pending="", zeros="")
        ),
    ]
