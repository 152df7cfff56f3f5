"""A wish for a refund belongs to the merchant of its voucher, for the database, too (RD56)."""

from django.db import migrations

RULE = (
    "voucher_id IN (SELECT id FROM orders_voucher"
    " WHERE merchant_id = nullif(current_setting('app.merchant', true), '')::bigint)"
)
FORWARD = f"""
ALTER TABLE redemption_refundwish ENABLE ROW LEVEL SECURITY;
ALTER TABLE redemption_refundwish FORCE ROW LEVEL SECURITY;
CREATE POLICY counter ON redemption_refundwish TO bacao_counter USING ({RULE}) WITH CHECK ({RULE});
CREATE POLICY house ON redemption_refundwish TO bacao_house USING (true) WITH CHECK (true);
"""  # noqa: S608  # made of a constant
BACKWARD = """
DROP POLICY house ON redemption_refundwish;
DROP POLICY counter ON redemption_refundwish;
ALTER TABLE redemption_refundwish NO FORCE ROW LEVEL SECURITY;
ALTER TABLE redemption_refundwish DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("redemption", "0009_rows_missing")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
