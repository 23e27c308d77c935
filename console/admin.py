"""The Django admin of the workbench: mostly to look, so that nothing goes past jobs and tables."""

import django_q.admin  # noqa: F401 - registers the queue's models, which are unregistered here
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django_q.models import Failure, OrmQ, Success
from django_q.models import Schedule as QueueSchedule

from console.models import Database, Job, Notice, Query, Schedule, Table
from console.tables import TableError, remote, store
from console.templatetags.console import NOTHING, duration, elapsed, size, status
from integrations import threads

admin.site.site_header = "Console administration"
admin.site.site_title = "Console administration"
admin.site.index_title = "What the console keeps"
admin.site.unregister([Failure, OrmQ, QueueSchedule, Success])
admin.site.unregister(User)


class Kept(admin.ModelAdmin):
    """Objects that pages and jobs make and delete; the admin looks at them."""

    list_per_page = 50

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class Shown(Kept):
    """Objects that nobody changes by hand."""

    def has_change_permission(self, request, obj=None):
        return False


REMOTE_FIELDS = {
    "name": "What queries call it: 3 to 128 lower-case letters, digits and underscores.",
    "catalog": "A catalog of the Trino cluster.",
    "schema": "A schema of the catalog. Its tables are those of the database.",
}


SKIPPED = "its tables were not looked up, as those of another one could not be."


class RemoteForm(forms.ModelForm):
    """A database that stands for a schema of the Trino cluster."""

    use_required_attribute = False
    found, trouble = {}, ""  # set by the admin: what the cluster told of the schema

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, help_text in REMOTE_FIELDS.items():
            self.fields[name].required, self.fields[name].help_text = True, help_text

    def clean_name(self):
        try:
            store.check_new(self.cleaned_data["name"])
        except TableError as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["name"]

    def clean_catalog(self):
        return as_on_the_cluster(self.cleaned_data["catalog"])

    def clean_schema(self):
        return as_on_the_cluster(self.cleaned_data["schema"])

    def clean(self):
        if self.trouble:
            raise forms.ValidationError(self.trouble)
        return super().clean()


def as_on_the_cluster(name):
    """Return a name of a catalog or a schema as Trino has it: in lower case."""
    return name.strip().lower()


@admin.register(Database)
class DatabaseAdmin(admin.ModelAdmin):
    """Databases. Only those on the Trino cluster are added and deleted here: they hold no rows."""

    list_display = ["name", "owner", "everyone_reads", "table_count", "place", "created_at"]
    list_filter = ["everyone_reads"]
    list_select_related = ["owner"]
    list_per_page = 50
    search_fields = ["name"]
    filter_horizontal = ["readers", "writers"]
    actions = ["look_again"]

    def get_fields(self, request, obj=None):
        if obj and not obj.remote:
            return ["name", "owner", "everyone_reads", "readers", "writers", "created_at"]
        fields = ["name", "owner", "catalog", "schema", "everyone_reads", "readers"]
        return [*fields, "looked_at", "trouble", "created_at"] if obj else fields

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        return ["name", "catalog", "schema", "looked_at", "trouble", "created_at"]

    def has_add_permission(self, request):
        return bool(settings.TRINO_URL) and super().has_add_permission(request)

    def has_delete_permission(self, request, obj=None):
        return bool(obj and obj.remote) and super().has_delete_permission(request, obj)

    def get_changeform_initial_data(self, request):
        return {"owner": request.user.pk, "everyone_reads": False}

    def add_view(self, request, form_url="", extra_context=None):
        """Ask the cluster before the transaction begins, in which nobody else can write."""
        if request.method == "POST" and self.has_add_permission(request):
            request.answer = answer_of_cluster(request.POST)
        return super().add_view(request, form_url, extra_context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = type("Form", (RemoteForm,), getattr(request, "answer", {}))
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not change:
            remote.take_up(obj, form.found)

    def get_deleted_objects(self, objs, request):
        """Return what goes, which are the tables as well, and the queries that are in the way."""
        queries = Query.objects.filter(database__in=objs).order_by("name", "pk")
        queries = queries.select_related("owner")
        tables = Table.objects.filter(database__in=objs).count()
        counts = {"databases": len(objs), "tables, which stay on the cluster": tables}
        return list(map(str, objs)), counts, set(), list(map(link_to, queries))

    def delete_view(self, request, object_id, extra_context=None):
        """Tell who deletes what somebody has begun to use meanwhile."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except TableError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:console_database_change", object_id)

    def delete_model(self, request, obj):
        remote.forget(obj)

    @admin.action(description="Look for tables on the cluster again", permissions=["change"])
    def look_again(self, request, queryset):
        failed = False
        for database in queryset:
            # The others would most likely wait as long for the same.
            skipped = failed and database.remote
            text, level = (SKIPPED, messages.WARNING) if skipped else looked_at_again(database)
            failed |= level == messages.ERROR
            self.message_user(request, f"Database {database}: {text}", level)

    @admin.display(description="tables")
    def table_count(self, database):
        return database.tables.count()

    @admin.display(description="on the cluster")
    def place(self, database):
        return f"{database.catalog}.{database.schema}" if database.remote else NOTHING


def answer_of_cluster(data):
    """Return the tables of the schema that was entered, or why there are none."""
    catalog, schema = (as_on_the_cluster(data.get(name, "")) for name in ("catalog", "schema"))
    if not (catalog and schema):
        return {}
    try:
        with threads.place():
            return {"found": remote.seen_first(catalog, schema)}
    except TableError as error:
        return {"trouble": str(error)}
    except threads.Busy as error:
        return {"trouble": f"{error} Save again in a moment."}


def looked_at_again(database):
    """Look for the tables of a database, and return what to say of it."""
    if not database.remote:
        return "its tables are the console's own; it is not on the cluster.", messages.WARNING
    try:
        with threads.place():
            number = remote.mirror(database)
    except (TableError, threads.Busy) as error:
        return str(error), messages.ERROR
    return f"the cluster shows {number} table{'' if number == 1 else 's'}.", messages.SUCCESS


def link_to(query):
    page = reverse("admin:console_query_change", args=[query.pk])
    return format_html('Query <a href="{}">{}</a> of {}', page, query, query.owner)


@admin.register(Table)
class TableAdmin(Shown):
    list_display = ["name", "database", "rows", "file_size", "updated_at"]
    list_filter = ["database"]
    list_select_related = ["database"]
    search_fields = ["name", "database__name"]
    exclude = ["files"]

    @admin.display(description="size", ordering="bytes")
    def file_size(self, table):
        return size(table.bytes)


@admin.register(Query)
class QueryAdmin(Kept):
    """A query can be given to another owner; the rest is changed in its editor."""

    list_display = ["name", "owner", "database", "engine", "schedule", "authentication", "version"]
    list_filter = ["engine", "database", ("schedule", admin.EmptyFieldListFilter)]
    list_select_related = ["owner", "database", "schedule__trigger__query", "authentication"]
    search_fields = ["name", "owner__username"]
    fields = [
        *["name", "owner", "priority", "retry_limit", "database", "engine", "sql", "version"],
        *["authentication", "export", "schedule", "created_at", "updated_at"],
    ]
    readonly_fields = fields[4:]


@admin.register(Schedule)
class ScheduleAdmin(Shown):
    list_display = ["__str__", "timezone", "query", "delay", "next_slot", "paused_at"]
    list_filter = [("paused_at", admin.EmptyFieldListFilter), "timezone"]
    list_select_related = ["query", "trigger__query"]
    search_fields = ["cron", "query__name"]
    ordering = ["next_slot"]


@admin.register(Notice)
class NoticeAdmin(Shown):
    list_display = ["subject", "to", "kind", "created_at", "sent_at", "attempts", "error"]
    list_filter = ["kind", ("sent_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "webhook"]
    search_fields = ["subject", "user__username"]

    @admin.display(description="to")
    def to(self, notice):
        return notice.user or notice.webhook or "the installation's webhook"


@admin.register(Job)
class JobAdmin(Shown):
    list_display = ["id", "name", "shown_status", "owner", "database", "created_at", "took", "rows"]
    list_display_links = ["id", "name"]
    list_filter = ["status", "engine", ("export", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["owner"]
    search_fields = ["id", "name", "owner__username"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    def get_queryset(self, request):
        return super().get_queryset(request).defer("sql", "traceback")

    @admin.display(description="status", ordering="status")
    def shown_status(self, job):
        return status(job.status)

    @admin.display(description="duration")
    def took(self, job):
        return duration(elapsed(job))


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Only a superuser makes superusers, or changes one."""

    list_display = ["username", "email", "first_name", "last_name", "is_active", "is_staff"]

    def get_readonly_fields(self, request, obj=None):
        return () if request.user.is_superuser else ("is_superuser", "user_permissions")

    def has_change_permission(self, request, obj=None):
        return self.reaches(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.reaches(request, obj) and super().has_delete_permission(request, obj)

    def reaches(self, request, person):
        return request.user.is_superuser or person is None or not person.is_superuser
