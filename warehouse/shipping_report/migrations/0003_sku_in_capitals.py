from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('warehouse_shipping_report', '0002_plain_names'),
    ]

    operations = [
        migrations.AlterField(
            model_name='dayofshipping',
            name='sku',
            field=models.TextField(db_collation='C', verbose_name='SKU'),
        ),
    ]
