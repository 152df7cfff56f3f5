from django.db import migrations

GUARDS = """
CREATE FUNCTION discovery_exposure_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.served_at < now() - interval '180 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'an exposure stays as it was served for 180 days' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER discovery_exposure_append_only BEFORE UPDATE OR DELETE ON discovery_exposure
    FOR EACH ROW EXECUTE FUNCTION discovery_exposure_stays();
"""
AWAY = """
DROP TRIGGER discovery_exposure_append_only ON discovery_exposure;
DROP FUNCTION discovery_exposure_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('discovery', '0005_exposures'),
    ]

    operations = [migrations.RunSQL(GUARDS, AWAY)]
