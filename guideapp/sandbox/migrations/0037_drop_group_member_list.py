from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0036_library")]

    operations = [migrations.RemoveField(model_name="groupchat", name="members")]
