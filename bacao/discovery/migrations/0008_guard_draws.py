from django.db import migrations

GUARDS = """
CREATE TRIGGER discovery_draw_append_only BEFORE UPDATE OR DELETE ON discovery_draw
    FOR EACH ROW EXECUTE FUNCTION discovery_exposure_stays();
CREATE FUNCTION discovery_posterior_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was believed of a new place stays written' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER discovery_posterior_append_only BEFORE UPDATE OR DELETE ON discovery_posterior
    FOR EACH ROW EXECUTE FUNCTION discovery_posterior_stays();
"""
AWAY = """
DROP TRIGGER discovery_draw_append_only ON discovery_draw;
DROP TRIGGER discovery_posterior_append_only ON discovery_posterior;
DROP FUNCTION discovery_posterior_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('discovery', '0007_trials'),
    ]

    operations = [migrations.RunSQL(GUARDS, AWAY)]
