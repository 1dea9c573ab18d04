from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("berths", "0141_berth_depth")]
    operations = [
        migrations.AddField("Slot", "tide_window", models.DurationField(null=True)),
    ]
