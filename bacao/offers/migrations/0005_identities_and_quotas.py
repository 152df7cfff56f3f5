"""Personal counters by identity and period, quotas by day and slot (PR17, PR18)."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("offers", "0004_history")]

    operations = [
        migrations.RemoveConstraint(model_name="personaluse", name="offers_personal_use_once"),
        migrations.AddField(
            model_name="personaluse", name="identity", field=models.CharField(default="", max_length=40), preserve_default=False
        ),
        migrations.AddField(
            model_name="personaluse", name="period", field=models.CharField(default="ever", max_length=10)
        ),
        migrations.RunSQL(
            "UPDATE offers_personaluse SET identity = 'user-' || user_id", migrations.RunSQL.noop, elidable=False
        ),
        migrations.RemoveField(model_name="personaluse", name="user"),
        migrations.AddConstraint(
            model_name="personaluse",
            constraint=models.UniqueConstraint(fields=("offer", "identity", "period"), name="offers_personal_use_once"),
        ),
        migrations.CreateModel(
            name="Quota",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", models.CharField(max_length=22)),
                ("used", models.IntegerField()),
                ("limit", models.IntegerField(blank=True, null=True)),
                ("offer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="quotas", to="offers.offer")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("offer", "period"), name="offers_quota_once"),
                    models.CheckConstraint(
                        condition=Q(("used__gte", 0), Q(("limit", None), ("used__lte", F("limit")), _connector="OR")),
                        name="offers_quota_limit",
                    ),
                ],
            },
        ),
    ]
