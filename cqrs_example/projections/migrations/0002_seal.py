from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projections", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("upto", models.BigIntegerField(primary_key=True, serialize=False)),
                ("events", models.IntegerField()),
                ("previous", models.TextField(blank=True)),
                ("digest", models.TextField()),
                ("sealed_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"ordering": ("upto",), "default_permissions": ("view",)},
        ),
    ]
