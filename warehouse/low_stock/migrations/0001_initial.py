
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='LowProduct',
            fields=[
                ('sku', models.TextField(db_collation='C', primary_key=True, serialize=False)),
                ('quantity', models.BigIntegerField()),
                ('since', models.DateTimeField()),
                ('notified_at', models.DateTimeField(null=True)),
            ],
        ),
    ]
