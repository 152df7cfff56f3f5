"""A promise to the public (on sale on Bacao alone) and a rule of prices (nothing beside it) were one field."""

from django.db import migrations, models

# Versions are immutable for everybody else; what they meant before this day they go on meaning.
SAME_AS_BEFORE = """
ALTER TABLE offers_offerversion DISABLE TRIGGER offers_version_immutable;
UPDATE offers_offerversion SET stands_alone = true WHERE only_here;
ALTER TABLE offers_offerversion ENABLE TRIGGER offers_version_immutable;
"""


class Migration(migrations.Migration):
    dependencies = [("offers", "0009_budget_of_a_day")]
    operations = [
        migrations.RenameField("offerversion", "exclusive", "only_here"),
        migrations.AlterField(
            "offerversion",
            "only_here",
            models.BooleanField(default=False, help_text="a public promise: on sale on Bacao alone"),
        ),
        migrations.AddField(
            "offerversion",
            "stands_alone",
            models.BooleanField(default=False, help_text="no other offer beside it on a bill"),
        ),
        migrations.RunSQL(SAME_AS_BEFORE, migrations.RunSQL.noop),
    ]
