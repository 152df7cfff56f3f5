"""What no service bug may write: a changed quote, a hold that ends twice or comes back (PR34, PR37)."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION orders_keep_quote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.expires_at < now() - interval '1 day' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'quote % is a promise: it is neither changed nor taken away', OLD.id
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER orders_quote_immutable BEFORE UPDATE OR DELETE ON orders_quote
  FOR EACH ROW EXECUTE FUNCTION orders_keep_quote();

CREATE FUNCTION orders_end_hold_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ended orders_hold;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('held', 'captured') THEN
      RAISE EXCEPTION 'hold % begins as held', NEW.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.state = 'held' AND NEW.state <> 'held' THEN
    ended := NEW;
    ended.state := OLD.state;
    ended.ended_at := OLD.ended_at;
    IF ended IS NOT DISTINCT FROM OLD THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'hold % is left once, and nothing else of it changes', OLD.id
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER orders_hold_ends_once BEFORE INSERT OR UPDATE OR DELETE ON orders_hold
  FOR EACH ROW EXECUTE FUNCTION orders_end_hold_once();
"""
AWAY = """
DROP TRIGGER orders_hold_ends_once ON orders_hold;
DROP TRIGGER orders_quote_immutable ON orders_quote;
DROP FUNCTION orders_end_hold_once();
DROP FUNCTION orders_keep_quote();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_quotes_and_holds")]
    operations = [migrations.RunSQL(GUARDS, AWAY)]
