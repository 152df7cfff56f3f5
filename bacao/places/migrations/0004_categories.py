"""Plant the category tree."""

from django.db import migrations

from bacao.places.rules import CATEGORIES


def plant(apps, schema_editor):
    category = apps.get_model("places", "Category")
    category.objects.bulk_create(
        [
            category(
                code=row.code, parent_id=row.parent or None, name_zh=row.name_zh, name_en=row.name_en,
                emoji=row.emoji, tint=row.tint, position=position,
            )
            for position, row in enumerate(CATEGORIES)
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("places", "0003_history")]
    operations = [migrations.RunPython(plant, migrations.RunPython.noop)]
