"""The two groups there are, and what the admin's may do in the Django admin."""

from django.apps import apps as registry
from django.contrib.auth.management import create_permissions
from django.db import migrations

ADMIN_MAY = {
    "console": ["database", "table", "query", "schedule", "job"],
    "integrations": ["authentication", "hostkey"],
    "auth": ["user", "group"],
}


def make_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    Group.objects.get_or_create(name="marketer")
    admin, _ = Group.objects.get_or_create(name="admin")
    for app, models in ADMIN_MAY.items():
        # Django makes permissions after all migrations, which is too late here.
        create_permissions(registry.get_app_config(app), verbosity=0, apps=apps)
        admin.permissions.add(
            *Permission.objects.filter(content_type__app_label=app, content_type__model__in=models)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0001_initial"),
        ("integrations", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
