"""The promises of the ledger, kept by the database itself (money.md, section 4)."""

from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only added to: no % of %', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transaction_no_truncate BEFORE TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

# The sums of limited accounts move only here: rows are locked in the order of their ids, the check constraints of
# the table refuse what passes a limit. Accounts without a limit are not touched, so sales do not wait for them.
SUMS = """
CREATE FUNCTION ledger_follow_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        JOIN ledger_account account ON account.id = added.account_id
        LEFT JOIN ledger_transaction booking ON booking.id = added.transaction_id
        WHERE booking.book IS DISTINCT FROM account.book
    ) THEN
        RAISE EXCEPTION 'an entry needs a transaction of the book of its account'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM ledger_account
        WHERE id IN (SELECT account_id FROM added) AND "limit" <> 'none' ORDER BY id FOR NO KEY UPDATE;
    UPDATE ledger_account account
        SET debit_minor = account.debit_minor + moved.debit, credit_minor = account.credit_minor + moved.credit
        FROM (
            SELECT account_id,
                coalesce(sum(amount_minor) FILTER (WHERE side = 'D'), 0) AS debit,
                coalesce(sum(amount_minor) FILTER (WHERE side = 'C'), 0) AS credit
            FROM added GROUP BY account_id
        ) moved
        WHERE account.id = moved.account_id AND account."limit" <> 'none';
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_sums AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_follow_entries();

CREATE FUNCTION ledger_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.debit_minor <> 0 OR NEW.credit_minor <> 0 THEN
            RAISE EXCEPTION 'account % must be opened empty', NEW.code
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF pg_trigger_depth() < 2 OR (NEW.book, NEW.code, NEW."limit") <> (OLD.book, OLD.code, OLD."limit") THEN
        RAISE EXCEPTION 'account % changes by its entries only', OLD.code
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_account_guard BEFORE INSERT OR UPDATE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_account();
"""

# At commit, for each transaction that was made or got an entry: complete, balanced, and a true mirror where it
# reverses another. `entry_count` closes it: an entry added later, however balanced, makes the count wrong.
BALANCE = """
CREATE FUNCTION ledger_check_transaction(checked uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    booking ledger_transaction;
    entries bigint;
    difference numeric;
BEGIN
    SELECT * INTO booking FROM ledger_transaction WHERE id = checked;
    SELECT count(*), coalesce(sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END), 0)
        INTO entries, difference FROM ledger_entry WHERE transaction_id = checked;
    IF entries <> booking.entry_count OR difference <> 0 THEN
        RAISE EXCEPTION 'transaction % has % of % entries and a difference of %',
            checked, entries, booking.entry_count, difference USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF booking.reverses_id IS NOT NULL AND EXISTS (
        (SELECT account_id, side, amount_minor FROM ledger_entry WHERE transaction_id = checked
         EXCEPT ALL
         SELECT account_id, CASE side WHEN 'D' THEN 'C' ELSE 'D' END, amount_minor
         FROM ledger_entry WHERE transaction_id = booking.reverses_id)
        UNION ALL
        (SELECT account_id, CASE side WHEN 'D' THEN 'C' ELSE 'D' END, amount_minor
         FROM ledger_entry WHERE transaction_id = booking.reverses_id
         EXCEPT ALL
         SELECT account_id, side, amount_minor FROM ledger_entry WHERE transaction_id = checked)
    ) THEN
        RAISE EXCEPTION 'transaction % is not the mirror of %', checked, booking.reverses_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
CREATE FUNCTION ledger_check_new_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_check_transaction(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION ledger_check_new_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_check_transaction(NEW.transaction_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transaction_balanced AFTER INSERT ON ledger_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_new_transaction();
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_new_entry();
"""

UNDO = """
DROP TRIGGER ledger_entry_balanced ON ledger_entry;
DROP TRIGGER ledger_transaction_balanced ON ledger_transaction;
DROP FUNCTION ledger_check_new_entry;
DROP FUNCTION ledger_check_new_transaction;
DROP FUNCTION ledger_check_transaction;
DROP TRIGGER ledger_account_guard ON ledger_account;
DROP FUNCTION ledger_guard_account;
DROP TRIGGER ledger_entry_sums ON ledger_entry;
DROP FUNCTION ledger_follow_entries;
DROP TRIGGER ledger_transaction_no_truncate ON ledger_transaction;
DROP TRIGGER ledger_transaction_append_only ON ledger_transaction;
DROP TRIGGER ledger_entry_no_truncate ON ledger_entry;
DROP TRIGGER ledger_entry_append_only ON ledger_entry;
DROP FUNCTION ledger_refuse_change;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="transaction",
            name="entry_count",
            field=models.SmallIntegerField(
                default=2, help_text="how many entries it has: none can be added later"
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("entry_count__gte", 2)), name="ledger_transaction_two_entries"
            ),
        ),
        migrations.RunSQL(APPEND_ONLY + SUMS + BALANCE, UNDO),
    ]
