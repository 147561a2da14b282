from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PersonKey",
            fields=[
                ("person", models.TextField(primary_key=True, serialize=False)),
                ("key", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("forgotten_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("key__isnull", True), ("forgotten_at__isnull", True), _connector="XOR"
                        ),
                        name="privacy_key_or_forgotten",
                    )
                ],
            },
        ),
    ]
