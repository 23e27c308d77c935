"""Routes of the console."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from console.views import (
    account,
    backfill,
    databases,
    editor,
    exports,
    health,
    home,
    jobs,
    queries,
    query_jobs,
    schedules,
    uploads,
    versions,
    webhooks,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", account.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("settings/", account.settings, name="settings"),
    path("help/keys/", account.keys, name="keys"),
    path("health/", health.health, name="health"),
    path("metrics", health.metrics, name="metrics"),
    path("workbench/databases/", databases.database_list, name="databases"),
    path("workbench/databases/<str:name>/", databases.database, name="database"),
    path("workbench/databases/<str:database>/<str:name>/", databases.table, name="table"),
    path(
        "workbench/databases/<str:database>/<str:name>/drop/",
        databases.drop_table,
        name="drop-table",
    ),
    path("workbench/upload/", uploads.upload, name="upload"),
    path(
        "workbench/upload/<str:database>/<uuid:token>/", uploads.upload_table, name="upload-table"
    ),
    path("workbench/jobs/", jobs.job_list, name="jobs"),
    path("workbench/jobs/<int:pk>/", jobs.job_page, name="job"),
    path("workbench/jobs/<int:pk>/live/", jobs.job_live, name="job-live"),
    path("workbench/jobs/<int:pk>/result.csv", jobs.job_csv, name="job-csv"),
    path("workbench/jobs/<int:pk>/receipt.json", jobs.job_receipt, name="job-receipt"),
    path("workbench/jobs/<int:pk>/kill/", jobs.job_kill, name="job-kill"),
    path("workbench/jobs/<int:pk>/release/", jobs.job_release, name="job-release"),
    path("workbench/jobs/<int:pk>/drop/", jobs.job_drop, name="job-drop"),
    path("workbench/jobs/<int:pk>/rejects.csv", jobs.job_rejects, name="job-rejects"),
    path("workbench/jobs/<int:pk>/resend/", jobs.job_resend, name="job-resend"),
    path("workbench/jobs/<int:pk>/retry/", jobs.job_retry, name="job-retry"),
    path("workbench/queries/", queries.queries, name="queries"),
    path("workbench/queries/new/", editor.new_query, name="new-query"),
    path("workbench/queries/new/run/", query_jobs.run_query, name="new-run"),
    path("workbench/queries/names/", editor.query_names, name="query-names"),
    path("workbench/queries/format/", editor.format_query, name="format-query"),
    path("workbench/queries/jobs/<int:pk>/", query_jobs.query_job, name="query-job"),
    path("workbench/queries/jobs/<int:pk>/stop/", query_jobs.stop_query_job, name="stop-query-job"),
    path(
        "workbench/queries/columns/<str:database>/<str:table>/",
        editor.query_columns,
        name="query-columns",
    ),
    path("workbench/queries/<int:pk>/", editor.query, name="query"),
    path("workbench/queries/<int:pk>/run/", query_jobs.run_query, name="run-query"),
    path("workbench/queries/<int:pk>/history/", editor.query_history, name="query-history"),
    path("workbench/queries/<int:pk>/duplicate/", queries.duplicate_query, name="duplicate-query"),
    path("workbench/queries/<int:pk>/delete/", queries.delete_query, name="delete-query"),
    path("workbench/queries/<int:pk>/export/", exports.export, name="query-export"),
    path("workbench/queries/<int:pk>/export/draft/", exports.export_draft, name="export-draft"),
    path("workbench/queries/<int:pk>/export/remove/", exports.remove, name="remove-export"),
    path("workbench/queries/<int:pk>/schedule/", schedules.schedule, name="query-schedule"),
    path("workbench/queries/<int:pk>/schedule/slots/", backfill.backfill, name="backfill"),
    path(
        "workbench/queries/<int:pk>/schedule/firings/",
        schedules.schedule_firings,
        name="schedule-firings",
    ),
    path(
        "workbench/queries/<int:pk>/schedule/pause/",
        schedules.pause_schedule,
        name="pause-schedule",
    ),
    path("workbench/queries/<int:pk>/webhook/test/", webhooks.test_webhook, name="test-webhook"),
    path(
        "workbench/queries/<int:pk>/webhook/secret/",
        webhooks.replace_webhook_secret,
        name="replace-webhook-secret",
    ),
    path(
        "workbench/queries/<int:pk>/versions/<int:number>/",
        versions.query_version,
        name="query-version",
    ),
    path(
        "workbench/queries/<int:pk>/versions/<int:number>/restore/",
        versions.restore_version,
        name="restore-version",
    ),
    path("integrations/", include("integrations.urls")),
    path("admin/login/", account.admin_sign_in),
    path("admin/", admin.site.urls),
]
handler500 = "console.views.trouble.server_error"
