"""The balance of a transaction is checked once at commit, not once more for each of its entries.

What the check of each entry was for, an entry that comes to a transaction of before, is refused at once: then there are more
entries than the transaction says. A transaction of this commit is checked by its own trigger.
"""

from django.db import migrations

FOLLOW_ENTRIES = """
CREATE OR REPLACE FUNCTION ledger_follow_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE closed record;
BEGIN
    IF EXISTS (
        SELECT FROM added
        JOIN ledger_account account ON account.id = added.account_id
        LEFT JOIN ledger_transaction booking ON booking.id = added.transaction_id
        WHERE booking.book IS DISTINCT FROM account.book
    ) THEN
        RAISE EXCEPTION 'an entry needs a transaction of the book of its account'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;{more}
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
"""
COUNTED = """
    SELECT booking.id, touched.entries, booking.entry_count INTO closed
        FROM (
            SELECT transaction_id AS id, count(*) AS entries FROM ledger_entry
            WHERE transaction_id IN (SELECT transaction_id FROM added) GROUP BY transaction_id
        ) touched JOIN ledger_transaction booking USING (id)
        WHERE touched.entries > booking.entry_count LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % has % of % entries', closed.id, closed.entries, closed.entry_count
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;"""
ONCE = """
DROP TRIGGER ledger_entry_balanced ON ledger_entry;
DROP FUNCTION ledger_check_new_entry;
"""
EACH = """
CREATE FUNCTION ledger_check_new_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_check_transaction(NEW.transaction_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_new_entry();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_budgets")]

    operations = [
        migrations.RunSQL(
            FOLLOW_ENTRIES.replace("{more}", COUNTED) + ONCE, EACH + FOLLOW_ENTRIES.replace("{more}", "")
        )
    ]
