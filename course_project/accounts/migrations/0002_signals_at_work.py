import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LoginRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("username", models.CharField(help_text="As it was typed.", max_length=150)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "ip",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address"),
                ),
                ("device", models.CharField(blank=True, max_length=200)),
                ("successful", models.BooleanField()),
                (
                    "forgiven",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="A failure that no longer counts.",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty where the login failed.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="login_records",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "indexes": [
                    models.Index(fields=["username", "at"], name="login_record_username_at")
                ],
            },
        ),
    ]
