from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('warehouse_products', '0002_orders_and_search'),
    ]

    operations = [
        migrations.AlterField(
            model_name='product',
            name='sku',
            field=models.TextField(db_collation='C', primary_key=True, serialize=False, verbose_name='SKU'),
        ),
    ]
