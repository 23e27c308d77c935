"""Migrations leave what the version before works with: it may still run while they do, and after.

What a version has to take away, it takes from the tables in the release after.
"""

from django.db import migrations as change
from django.db import models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

# Nobody ran two versions of what was before these.
FIRST = {
    "activations": "0002_activation_templates",
    "console": "0010_changes",
    "integrations": "0003_webhook",
}
# Migrations that take away what the release before has stopped using, and which release that was.
CONTRACTED = {}
HARMLESS = (
    *(change.CreateModel, change.AddIndex, change.RemoveIndex, change.RenameIndex),
    *(change.AlterModelOptions, change.AlterModelManagers, change.RunPython),
)


def planned():
    """Yield each migration of ours in its order, with the models as they are before it."""
    executor = MigrationExecutor(None)
    state = ProjectState(real_apps=executor.loader.unmigrated_apps)
    ends = executor.loader.graph.leaf_nodes()
    for migration, _ in executor.migration_plan(ends, clean_start=True):
        if migration.app_label in FIRST:
            yield migration, state.clone()
        state = migration.mutate_state(state, preserve=False)


def broken(migration, state, now):
    """Yield the operations of a migration with which the version before cannot go on.

    Of columns that it adds counts what they are `now`.
    """
    made = set()
    for operation in migration.operations:
        if isinstance(operation, change.CreateModel):
            made.add(operation.name_lower)
        known = getattr(operation, "model_name_lower", "") not in made
        if known and not leaves(operation, migration.app_label, state, now):
            yield f"{migration}: {operation.describe()}"
        operation.state_forwards(migration.app_label, state)


def leaves(operation, app, state, now):
    """Return whether the version before can go on with the tables after the operation."""
    if isinstance(operation, change.AddField):
        return optional(now.models[app, operation.model_name_lower].fields.get(operation.name))
    if isinstance(operation, change.AlterField):
        before = state.models[app, operation.model_name_lower].fields[operation.name]
        return takes_all_of(before, operation.field)
    return isinstance(operation, HARMLESS)


def optional(field):
    """Return whether rows can be made without it, or it is no column at all."""
    return field is None or field.many_to_many or field.null or field.has_db_default()


def takes_all_of(before, after):
    """Return whether a column takes what it took before."""
    same = type(before) is type(after) and before.unique == after.unique
    longest = (before.max_length or 0) <= (after.max_length or 0)
    return same and longest and (after.null or not before.null)


def test_migrations_leave_what_the_version_before_works_with():
    now = MigrationLoader(None).project_state()

    found = [
        sentence
        for migration, state in planned()
        if migration.name > FIRST[migration.app_label] and str(migration) not in CONTRACTED
        for sentence in broken(migration, state, now)
    ]

    assert not found, "The version before would fail: give columns a db_default, take away later"


TEXT = models.CharField(max_length=9)
TAKEN_AWAY = [
    change.RemoveField("job", "name"),
    change.RenameField("job", "name", "title"),
    change.DeleteModel("job"),
    change.RenameModel("job", "run"),
    change.AddField("job", "colour", models.CharField(max_length=9, default="")),
    change.AlterField("job", "name", models.CharField(max_length=8)),
    change.AlterField("job", "name", models.IntegerField()),
    change.AlterField("job", "rows", models.IntegerField()),
    change.AddConstraint("job", models.UniqueConstraint(fields=["name"], name="one")),
    change.RunSQL("DROP TABLE job"),
]
ADDED = [
    change.AddField("job", "colour", models.CharField(max_length=9, null=True)),
    change.AddField("job", "colour", models.CharField(max_length=9, default="", db_default="")),
    change.AddField("job", "readers", models.ManyToManyField("job")),
    change.AlterField("job", "name", models.CharField(max_length=10, choices={"a": "A"})),
    change.AlterField("job", "name", models.CharField(max_length=9, null=True)),
    change.AddIndex("job", models.Index(fields=["name"], name="by_name")),
    change.CreateModel("run", [("id", models.BigAutoField(primary_key=True))]),
]


def is_noticed(operation):
    state = ProjectState()
    columns = [("id", models.BigAutoField(primary_key=True)), ("name", TEXT)]
    made = change.CreateModel("job", [*columns, ("rows", models.IntegerField(null=True))])
    made.state_forwards("shop", state)
    migration = change.Migration("0009", "shop")
    migration.operations = [operation]
    return bool(list(broken(migration, state, migration.mutate_state(state))))


def test_what_the_version_before_cannot_go_on_with_is_noticed():
    assert [each for each in TAKEN_AWAY if not is_noticed(each)] == []
    assert [each for each in ADDED if is_noticed(each)] == []
