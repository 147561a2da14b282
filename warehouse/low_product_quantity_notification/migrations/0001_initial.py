from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LowProductQuantityNotification",
            fields=[
                ("shipment", models.UUIDField(primary_key=True, serialize=False)),
                ("sku", models.TextField(db_collation="C")),
                ("quantity", models.BigIntegerField()),
                ("requested_at", models.DateTimeField()),
                ("notified_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["-notified_at", "-requested_at"], name="warehouse_low_todo"
                    )
                ],
            },
        ),
    ]
