"""The Django admin of the workbench: mostly to look, so that nothing goes past jobs and tables."""

import django_q.admin  # noqa: F401 - registers the queue's models, which are unregistered here
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django_q.models import Failure, OrmQ, Success
from django_q.models import Schedule as QueueSchedule

from console.models import Database, Job, Notice, Query, Schedule, Table
from console.templatetags.console import duration, elapsed, size, status

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


@admin.register(Database)
class DatabaseAdmin(Kept):
    list_display = ["name", "owner", "everyone_reads", "table_count", "created_at"]
    list_filter = ["everyone_reads"]
    list_select_related = ["owner"]
    search_fields = ["name"]
    fields = ["name", "owner", "everyone_reads", "readers", "writers", "created_at"]
    readonly_fields = ["name", "created_at"]
    filter_horizontal = ["readers", "writers"]

    @admin.display(description="tables")
    def table_count(self, database):
        return database.tables.count()


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
