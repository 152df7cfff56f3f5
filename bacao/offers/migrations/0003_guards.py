"""What no service bug may write: changed terms, changed shares, shares that are not the whole (PR4, IN10)."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION offers_refuse_changed_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.is_current AND NOT NEW.is_current THEN
    NEW.is_current := true;
    IF NEW IS NOT DISTINCT FROM OLD THEN
      NEW.is_current := false;
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'offer version % is immutable: revise the offer instead', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER offers_version_immutable BEFORE UPDATE OR DELETE ON offers_offerversion
  FOR EACH ROW EXECUTE FUNCTION offers_refuse_changed_terms();

CREATE FUNCTION offers_refuse_changed_share() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'shares of offer version % are immutable', OLD.version_id USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER offers_funder_immutable BEFORE UPDATE OR DELETE ON offers_offerfunder
  FOR EACH ROW EXECUTE FUNCTION offers_refuse_changed_share();

CREATE FUNCTION offers_check_shares() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  version bigint;
  points bigint;
BEGIN
  IF TG_TABLE_NAME = 'offers_offerversion' THEN version := NEW.id; ELSE version := NEW.version_id; END IF;
  SELECT coalesce(sum(share_basis_points), 0) INTO points FROM offers_offerfunder WHERE version_id = version;
  IF points <> 10000 THEN
    RAISE EXCEPTION 'the shares of offer version % sum to %, not 10000', version, points
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER offers_shares_are_whole AFTER INSERT ON offers_offerversion
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION offers_check_shares();
CREATE CONSTRAINT TRIGGER offers_shares_are_whole AFTER INSERT ON offers_offerfunder
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION offers_check_shares();
"""
AWAY = """
DROP TRIGGER offers_shares_are_whole ON offers_offerfunder;
DROP TRIGGER offers_shares_are_whole ON offers_offerversion;
DROP TRIGGER offers_funder_immutable ON offers_offerfunder;
DROP TRIGGER offers_version_immutable ON offers_offerversion;
DROP FUNCTION offers_check_shares();
DROP FUNCTION offers_refuse_changed_share();
DROP FUNCTION offers_refuse_changed_terms();
"""


class Migration(migrations.Migration):
    dependencies = [("offers", "0002_state_changes_and_authors")]
    operations = [migrations.RunSQL(GUARDS, AWAY)]
