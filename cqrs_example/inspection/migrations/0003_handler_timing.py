from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inspection', '0002_refused_commands'),
    ]

    operations = [
        migrations.CreateModel(
            name='HandlerTiming',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('handler', models.TextField()),
                ('correlation_id', models.UUIDField(db_index=True, null=True)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('events', models.IntegerField()),
                ('microseconds', models.BigIntegerField()),
                ('statements', models.IntegerField()),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['handler', 'last'], name='inspection_timing_heard')],
            },
        ),
    ]
