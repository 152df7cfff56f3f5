"""The database itself keeps the shops apart at the counter (redemption.md, RD56; docs/decisions/0012).

`bacao_counter` is what a counter's transaction becomes: it owns nothing, sees and takes the rows of the merchant named by
`app.merchant` only, deletes nothing and updates a few columns. `bacao_house` is everybody else of ours. Neither can log in.
Whoever migrates needs CREATEROLE, or somebody who has it made both roles and granted them before.
"""

from django.db import migrations

ROLES = """
DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['bacao_counter', 'bacao_house'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server was faster
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'somebody with CREATEROLE has to run: CREATE ROLE % NOLOGIN; GRANT % TO %;',
                        role, role, current_user;
            END;
        END IF;
        IF NOT pg_has_role(current_user, role, 'USAGE') OR NOT pg_has_role(current_user, role, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', role);
        END IF;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO bacao_counter', current_schema());
END $$;
"""
OF_MERCHANT = "merchant_id = nullif(current_setting('app.merchant', true), '')::bigint"
RULES = {
    "redemption_vouchercode": OF_MERCHANT,
    "redemption_attempt": OF_MERCHANT,
    "redemption_redemption": OF_MERCHANT,
    "redemption_served": OF_MERCHANT,
    "redemption_counter": OF_MERCHANT,
    "redemption_clerk": OF_MERCHANT,
    "redemption_manifest": OF_MERCHANT,
    "redemption_lease": OF_MERCHANT,
    "redemption_offerpolicy": OF_MERCHANT,
    "redemption_drill": OF_MERCHANT,
    "redemption_incident": OF_MERCHANT,
    "redemption_confirmation": OF_MERCHANT,
    "redemption_agreement": OF_MERCHANT,
    "redemption_undo": f"redemption_id IN (SELECT id FROM redemption_redemption WHERE {OF_MERCHANT})",
    "redemption_arrival": f"place_id IN (SELECT id FROM places_place WHERE {OF_MERCHANT})",
    "orders_voucher": OF_MERCHANT,
}
GRANTS = """
GRANT SELECT, INSERT ON redemption_attempt, redemption_redemption, redemption_undo, redemption_arrival TO bacao_counter;
GRANT SELECT ON redemption_vouchercode, redemption_counter, redemption_manifest, redemption_lease, redemption_served,
    redemption_offerpolicy, redemption_agreement, orders_voucher, orders_order, offers_offerversion, places_place,
    places_merchant, kit_ratebucket TO bacao_counter;
GRANT SELECT (id, merchant_id) ON redemption_clerk TO bacao_counter;
GRANT UPDATE (status, answer, voucher_id) ON redemption_attempt TO bacao_counter;
GRANT UPDATE (highest_step) ON redemption_vouchercode TO bacao_counter;
GRANT UPDATE (uses_redeemed, redeemed_minor) ON orders_voucher TO bacao_counter;
GRANT INSERT ON kit_outboxevent TO bacao_counter;
"""
POLICIES = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f" CREATE POLICY counter ON {table} TO bacao_counter USING ({rule}) WITH CHECK ({rule});"
    f" CREATE POLICY house ON {table} TO bacao_house USING (true) WITH CHECK (true);"
    for table, rule in RULES.items()
)
NO_POLICIES = "".join(
    f"DROP POLICY house ON {table}; DROP POLICY counter ON {table};"
    f" ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in RULES
)
NO_GRANTS = "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM bacao_counter;"


class Migration(migrations.Migration):
    dependencies = [("redemption", "0005_anchors"), ("kit", "0001_initial"), ("orders", "0001_initial")]

    operations = [migrations.RunSQL(ROLES + GRANTS + POLICIES, NO_POLICIES + NO_GRANTS)]
