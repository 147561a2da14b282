from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('warehouse_low_product_quantity_notification', '0002_opened_by'),
    ]

    operations = [
        migrations.AlterField(
            model_name='lowproductquantitynotification',
            name='sku',
            field=models.TextField(db_collation='C', verbose_name='SKU'),
        ),
    ]
