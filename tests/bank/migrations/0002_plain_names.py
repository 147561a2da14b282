from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('bank', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='dayofwithdrawals',
            options={'verbose_name': 'day of withdrawals', 'verbose_name_plural': 'days of withdrawals'},
        ),
    ]
