"""A shop says how much its phones may serve without network, and who changed that and when (RD29, RD56)."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

OF_MERCHANT = "merchant_id = nullif(current_setting('app.merchant', true), '')::bigint"
TABLES = ("redemption_shoppolicy", "redemption_shoppolicyevent", "redemption_offerpolicyevent")
TENANTS = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f" CREATE POLICY counter ON {table} TO bacao_counter USING ({OF_MERCHANT}) WITH CHECK ({OF_MERCHANT});"
    f" CREATE POLICY house ON {table} TO bacao_house USING (true) WITH CHECK (true);"
    for table in TABLES
)
NO_TENANTS = "".join(
    f"DROP POLICY house ON {table}; DROP POLICY counter ON {table};"
    f" ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in TABLES
)


class Migration(migrations.Migration):

    dependencies = [
        ('offers', '0011_rolling_caps_and_weekly_budgets'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('places', '0005_selected_in_english'),
        ('redemption', '0010_wishes_of_tenants'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OfferPolicyEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('asks_member', models.BooleanField(default=False, help_text='the member confirms before a scan counts (RD22)')),
                ('at_stand', models.BooleanField(default=False, help_text='may be used by the code of a printed stand (RD19)')),
                ('changed_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ShopPolicy',
            fields=[
                ('merchant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='places.merchant')),
                ('items', models.SmallIntegerField(help_text='uses; 0 = nothing without network')),
                ('total_minor', models.IntegerField(help_text='what they are worth together')),
                ('item_minor', models.IntegerField(help_text='what one use without a lease may be worth')),
                ('hours', models.SmallIntegerField(help_text='after the last contact; a manifest lives 24 at most')),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ShopPolicyEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('items', models.SmallIntegerField(help_text='uses; 0 = nothing without network')),
                ('total_minor', models.IntegerField(help_text='what they are worth together')),
                ('item_minor', models.IntegerField(help_text='what one use without a lease may be worth')),
                ('hours', models.SmallIntegerField(help_text='after the last contact; a manifest lives 24 at most')),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='offerpolicy',
            name='changed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='offerpolicy',
            name='changed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='offerpolicy',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "redemption_offerpolicyevent" ("asks_member", "at_stand", "changed_at", "changed_by_id", "merchant_id", "offer_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."asks_member", OLD."at_stand", OLD."changed_at", OLD."changed_by_id", OLD."merchant_id", OLD."offer_id", _pgh_attach_context(), NOW(), \'update\', OLD."offer_id"); RETURN NULL;', hash='8afacab831a82d06d6f00ba31a77b7b95e3c575b', operation='UPDATE', pgid='pgtrigger_update_update_e928d', table='redemption_offerpolicy', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='offerpolicy',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "redemption_offerpolicyevent" ("asks_member", "at_stand", "changed_at", "changed_by_id", "merchant_id", "offer_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."asks_member", OLD."at_stand", OLD."changed_at", OLD."changed_by_id", OLD."merchant_id", OLD."offer_id", _pgh_attach_context(), NOW(), \'delete\', OLD."offer_id"); RETURN NULL;', hash='9cbdf42fce1b3afb9ebcd162f06e5b94f9cbbcd9', operation='DELETE', pgid='pgtrigger_delete_delete_bb485', table='redemption_offerpolicy', when='AFTER')),
        ),
        migrations.AddField(
            model_name='offerpolicyevent',
            name='changed_by',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='offerpolicyevent',
            name='merchant',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='places.merchant'),
        ),
        migrations.AddField(
            model_name='offerpolicyevent',
            name='offer',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', serialize=False, to='offers.offer'),
        ),
        migrations.AddField(
            model_name='offerpolicyevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='offerpolicyevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='redemption.offerpolicy'),
        ),
        migrations.AddField(
            model_name='shoppolicy',
            name='changed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='shoppolicyevent',
            name='changed_by',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='shoppolicyevent',
            name='merchant',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', serialize=False, to='places.merchant'),
        ),
        migrations.AddField(
            model_name='shoppolicyevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='shoppolicyevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='redemption.shoppolicy'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='offerpolicyevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='04383defd2b18e142c7be65e6df0a97d97430b18', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_bf687', table='redemption_offerpolicyevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='shoppolicy',
            constraint=models.CheckConstraint(condition=models.Q(('hours__range', (1, 24)), ('items__range', (0, 200)), ('total_minor__range', (100, 600000)), ('item_minor__lte', models.F('total_minor')), ('item_minor__range', (0, 100000))), name='redemption_shop_policy_within'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shoppolicy',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "redemption_shoppolicyevent" ("changed_at", "changed_by_id", "hours", "item_minor", "items", "merchant_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "total_minor") VALUES (OLD."changed_at", OLD."changed_by_id", OLD."hours", OLD."item_minor", OLD."items", OLD."merchant_id", _pgh_attach_context(), NOW(), \'update\', OLD."merchant_id", OLD."total_minor"); RETURN NULL;', hash='98a48253914638302568a9d209e846ed9be7788d', operation='UPDATE', pgid='pgtrigger_update_update_b5634', table='redemption_shoppolicy', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shoppolicy',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "redemption_shoppolicyevent" ("changed_at", "changed_by_id", "hours", "item_minor", "items", "merchant_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "total_minor") VALUES (OLD."changed_at", OLD."changed_by_id", OLD."hours", OLD."item_minor", OLD."items", OLD."merchant_id", _pgh_attach_context(), NOW(), \'delete\', OLD."merchant_id", OLD."total_minor"); RETURN NULL;', hash='48c416d5e9ae3fb8bf888a3410593d4c7b5fca3a', operation='DELETE', pgid='pgtrigger_delete_delete_ac984', table='redemption_shoppolicy', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shoppolicyevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='5e5f5467ea30a6ffda42e38472ed6f256e06bd55', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_adfc7', table='redemption_shoppolicyevent', when='BEFORE')),
        ),
        migrations.RunSQL(TENANTS, NO_TENANTS),
    ]
