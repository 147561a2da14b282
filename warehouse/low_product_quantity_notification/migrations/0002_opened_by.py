from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("warehouse_low_product_quantity_notification", "0001_initial")]

    operations = [
        migrations.RenameField("LowProductQuantityNotification", "shipment", "opened_by"),
    ]
