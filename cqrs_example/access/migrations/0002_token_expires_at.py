from django.db import migrations, models

from ..models import in_a_year


class Migration(migrations.Migration):
    """Tokens that are there already are good for a year from now on."""

    dependencies = [("access", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="token",
            name="expires_at",
            field=models.DateTimeField(default=in_a_year),
        ),
    ]
