from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inspection", "0001_search")]

    operations = [
        migrations.CreateModel(
            name="RefusedCommand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_index=True)),
                ("kind", models.TextField()),
                ("command", models.TextField()),
                ("fields", models.JSONField()),
                ("reason", models.TextField()),
                ("actor", models.TextField()),
                ("command_id", models.UUIDField()),
                ("correlation_id", models.UUIDField(db_index=True)),
            ],
            options={"verbose_name": "refused command", "default_permissions": ("view",)},
        ),
    ]
