"""Routes of the Audience Studio."""

from django.urls import path

from activations.views import (
    activating,
    activation_life,
    activations,
    counting,
    demo,
    insight,
    parent_tables,
    parents,
    previewing,
    search,
    segments,
    studio,
)

PARENTS = "workbench/parent-segments/"
STUDIO = "studio/<int:parent>/"
SEGMENT = f"{STUDIO}segments/<int:pk>/"
ACTIVATIONS = "studio/activations/"
ACTIVATION = f"{ACTIVATIONS}<int:pk>/"
FOLDER = f"{STUDIO}folders/<int:folder>/"

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
    path("search/", search.search, name="search"),
    path("demo/remove/", demo.remove_demo, name="remove-demo"),
    path("studio/", studio.segments, name="segments"),
    path(STUDIO, studio.studio_parent, name="studio-parent"),
    path(f"{STUDIO}folders/new/", studio.new_folder, name="new-folder"),
    path(FOLDER, studio.studio_folder, name="studio-folder"),
    path(f"{FOLDER}edit/", studio.edit_folder, name="edit-folder"),
    path(f"{FOLDER}delete/", studio.delete_folder, name="delete-folder"),
    path(f"{STUDIO}count/", counting.count_segment, name="count-segment"),
    path(f"{STUDIO}profiles/", counting.segment_profiles, name="segment-profiles"),
    path(f"{STUDIO}values/", counting.segment_values, name="segment-values"),
    path(f"{STUDIO}segments/new/", segments.new_segment, name="new-segment"),
    path(SEGMENT, segments.segment, name="segment"),
    path(f"{SEGMENT}duplicate/", segments.duplicate_segment, name="duplicate-segment"),
    path(f"{SEGMENT}move/", segments.move_segment, name="move-segment"),
    path(f"{SEGMENT}delete/", segments.delete_segment, name="delete-segment"),
    path(f"{SEGMENT}insight/", insight.segment_insight, name="segment-insight"),
    path(f"{SEGMENT}activations/new/", activating.new_activation, name="new-activation"),
    path(f"{SEGMENT}activations/settings/", previewing.settings, name="activation-settings"),
    path(f"{SEGMENT}activations/preview/", previewing.preview, name="activation-preview"),
    path(f"{SEGMENT}activations/runs/", previewing.runs, name="activation-runs"),
    path("studio/activations/<int:pk>/edit/", activating.edit_activation, name="edit-activation"),
    path(f"{SEGMENT}versions/", segments.segment_versions, name="segment-versions"),
    path(
        f"{SEGMENT}versions/<int:number>/restore/",
        segments.restore_segment,
        name="restore-segment",
    ),
    path(f"{SEGMENT}activations/", activations.segment_activations, name="segment-activations"),
    path(
        f"{SEGMENT}templates/<int:template>/delete/",
        activation_life.delete_template,
        name="delete-activation-template",
    ),
    path(ACTIVATIONS, activations.activation_list, name="activations"),
    path(ACTIVATION, activations.activation, name="activation"),
    path(f"{ACTIVATION}runs/", activations.activation_runs, name="activation-runs"),
    path(f"{ACTIVATION}settings/", activations.activation_settings, name="activation-settings"),
    path(f"{ACTIVATION}run/", activation_life.run_activation, name="run-activation"),
    path(f"{ACTIVATION}test/", activation_life.test_activation, name="test-activation"),
    path(f"{ACTIVATION}pause/", activation_life.pause_activation, name="pause-activation"),
    path(f"{ACTIVATION}runs/<int:job>/retry/", activation_life.retry_run, name="retry-run"),
    path(f"{ACTIVATION}runs/<int:job>/stop/", activation_life.stop_run, name="stop-run"),
    path(
        f"{ACTIVATION}duplicate/",
        activation_life.duplicate_activation,
        name="duplicate-activation",
    ),
    path(f"{ACTIVATION}template/", activation_life.keep_template, name="keep-template"),
    path(f"{ACTIVATION}delete/", activation_life.delete_activation, name="delete-activation"),
]
