from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('warehouse_low_stock', '0002_orders'),
    ]

    operations = [
        migrations.AlterField(
            model_name='lowproduct',
            name='sku',
            field=models.TextField(db_collation='C', primary_key=True, serialize=False, verbose_name='SKU'),
        ),
    ]
