from django.db import migrations, models

import cqrs_example.access.models


class Migration(migrations.Migration):
    """Tokens that are there already are good for a year from now on."""

    dependencies = [("access", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="token",
            name="expires_at",
            field=models.DateTimeField(default=cqrs_example.access.models.in_a_year),
        ),
    ]
