"""A member's own rows, for the database, too (RD56): `bacao_member` sees those of `app.member` and agrees to own uses.

Like the counter's role it owns nothing, cannot log in, and is taken for one transaction (docs/decisions/0012).
"""

from django.db import migrations

ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bacao_member') THEN
        BEGIN
            CREATE ROLE bacao_member NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server was faster
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'somebody with CREATEROLE has to run: CREATE ROLE bacao_member NOLOGIN; '
                    'GRANT bacao_member TO %;', current_user;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'bacao_member', 'USAGE') OR NOT pg_has_role(current_user, 'bacao_member', 'MEMBER')
    THEN
        GRANT bacao_member TO CURRENT_USER;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO bacao_member', current_schema());
END $$;
"""
OF_MEMBER = "user_id = nullif(current_setting('app.member', true), '')::bigint"
OF_OWN_VOUCHER = f"voucher_id IN (SELECT id FROM orders_voucher WHERE {OF_MEMBER})"  # noqa: S608  # a constant
RULES = {
    "orders_voucher": OF_MEMBER,
    "redemption_arrival": OF_MEMBER,
    "redemption_incident": OF_MEMBER,
    "redemption_vouchercode": OF_OWN_VOUCHER,
    "redemption_redemption": OF_OWN_VOUCHER,
    "redemption_refundwish": OF_OWN_VOUCHER,
    "redemption_agreement": OF_OWN_VOUCHER,
    "redemption_undo": f"redemption_id IN (SELECT id FROM redemption_redemption WHERE {OF_OWN_VOUCHER})",
}
GRANTS = f"""
GRANT SELECT ON {", ".join(RULES)} TO bacao_member;
GRANT INSERT (voucher_id, merchant_id, agreed_at) ON redemption_agreement TO bacao_member;
"""
NO_GRANTS = f"REVOKE ALL ON {', '.join(RULES)} FROM bacao_member;"
POLICIES = "".join(
    f"CREATE POLICY member ON {table} TO bacao_member USING ({rule}) WITH CHECK ({rule});"
    for table, rule in RULES.items()
)
NO_POLICIES = "".join(f"DROP POLICY member ON {table};" for table in RULES)


class Migration(migrations.Migration):
    dependencies = [("redemption", "0012_typed_alone")]

    operations = [migrations.RunSQL(ROLE + GRANTS + POLICIES, NO_POLICIES + NO_GRANTS)]
