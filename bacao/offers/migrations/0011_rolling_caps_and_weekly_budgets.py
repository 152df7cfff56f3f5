"""Personal limits in any n days in a row, and what may be taken off in a week."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('offers', '0010_only_here_or_alone'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RollingUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identity', models.CharField(max_length=40)),
                ('taken_on', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), size=None)),
                ('days', models.SmallIntegerField()),
                ('limit', models.IntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='offerversion',
            name='offers_version_person_period',
        ),
        migrations.RemoveConstraint(
            model_name='offerversion',
            name='offers_version_limits_not_negative',
        ),
        migrations.AddField(
            model_name='offerversion',
            name='budget_week_minor',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='offerversion',
            name='person_days',
            field=models.SmallIntegerField(blank=True, help_text='how many days in a row are counted', null=True),
        ),
        migrations.AlterField(
            model_name='offerversion',
            name='person_period',
            field=models.CharField(choices=[('ever', 'Ever'), ('day', 'Day'), ('week', 'Week'), ('month', 'Month'), ('rolling', 'Rolling')], default='ever', max_length=8),
        ),
        migrations.AddConstraint(
            model_name='offerversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('per_day', None), ('per_day__gte', 0), _connector='OR'), models.Q(('per_slot', None), ('per_slot__gte', 0), _connector='OR'), models.Q(('budget_minor', None), ('budget_minor__gte', 0), _connector='OR'), models.Q(('budget_day_minor', None), ('budget_day_minor__gte', 0), _connector='OR'), models.Q(('budget_week_minor', None), ('budget_week_minor__gte', 0), _connector='OR')), name='offers_version_limits_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='offerversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('person_days', None), ('person_period__in', ['ever', 'day', 'week', 'month'])), models.Q(('person_days__gte', 2), ('person_days__isnull', False), ('person_days__lte', 366), ('person_period', 'rolling')), _connector='OR'), name='offers_version_person_period'),
        ),
        migrations.AddField(
            model_name='rollinguse',
            name='offer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rolling_uses', to='offers.offer'),
        ),
        migrations.AddConstraint(
            model_name='rollinguse',
            constraint=models.UniqueConstraint(fields=('offer', 'identity'), name='offers_rolling_use_once'),
        ),
        migrations.AddConstraint(
            model_name='rollinguse',
            constraint=models.CheckConstraint(condition=models.Q(('taken_on__len__lte', models.F('limit'))), name='offers_rolling_limit'),
        ),
        migrations.RunSQL(
            """ALTER TABLE offers_rollinguse ADD CONSTRAINT offers_rolling_window
                CHECK (cardinality(taken_on) = 0 OR taken_on[cardinality(taken_on)] - taken_on[1] < days)""",
            "ALTER TABLE offers_rollinguse DROP CONSTRAINT offers_rolling_window",
        ),
    ]
