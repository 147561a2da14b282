from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Product",
            fields=[
                ("sku", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("quantity", models.BigIntegerField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["quantity"], name="warehouse_products_quantity")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 0)),
                        name="warehouse_products_not_negative",
                    )
                ],
            },
        ),
    ]
