"""Routes of the Audience Studio."""

from django.urls import path

from activations.views import parent_tables, parents

PARENTS = "workbench/parent-segments/"

urlpatterns = [
    path(PARENTS, parents.parent_list, name="parent-segments"),
    path(f"{PARENTS}new/", parents.new_parent, name="new-parent-segment"),
    path(f"{PARENTS}demo/", parents.demo_parent, name="demo-parent-segment"),
    path(f"{PARENTS}table/", parent_tables.parent_table, name="parent-segment-table"),
    path(f"{PARENTS}keys/", parent_tables.check_keys, name="check-keys"),
    path(f"{PARENTS}<int:pk>/", parents.parent, name="parent-segment"),
    path(f"{PARENTS}<int:pk>/edit/", parents.edit_parent, name="edit-parent-segment"),
    path(f"{PARENTS}<int:pk>/refresh/", parents.refresh, name="refresh-parent-segment"),
    path(f"{PARENTS}<int:pk>/refreshes/", parents.refreshes, name="parent-segment-refreshes"),
    path(f"{PARENTS}<int:pk>/delete/", parents.delete_parent, name="delete-parent-segment"),
]
