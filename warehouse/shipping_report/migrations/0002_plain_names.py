from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("warehouse_shipping_report", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="dayofshipping",
            options={
                "verbose_name": "day of shipping",
                "verbose_name_plural": "days of shipping",
            },
        ),
    ]
