from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0009_activity")]

    operations = [
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64, unique=True)),
                ("content_type", models.CharField(max_length=100)),
                ("content", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="media",
            name="pool",
            field=models.CharField(
                blank=True,
                choices=[("", "消息"), ("moment", "朋友圈"), ("album", "商品图册")],
                default="",
                max_length=8,
            ),
        ),
    ]
