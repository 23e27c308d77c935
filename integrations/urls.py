"""Routes of the Integrations Hub."""

from django.urls import path

from integrations.views import (
    addresses,
    authentications,
    catalog,
    changing,
    creating,
    key_pairs,
    testing,
)

urlpatterns = [
    path("catalog/", catalog.catalog, name="catalog"),
    path("catalog/<slug:type>/", catalog.reference, name="connector"),
    path("catalog/<slug:type>/schema.json", catalog.schema, name="connector-schema"),
    path("catalog/<slug:type>/new/", creating.credentials, name="new-authentication"),
    path("catalog/<slug:type>/new/test/", testing.entered, name="test-new-authentication"),
    path("catalog/<slug:type>/new/key/", key_pairs.drafted, name="draft-key-pair"),
    path("catalog/<slug:type>/new/name/", creating.name, name="name-authentication"),
    path("addresses/", addresses.addresses, name="addresses"),
    path("authentications/", authentications.listing, name="authentications"),
    path("authentications/<int:pk>/", authentications.page, name="authentication"),
    path("authentications/<int:pk>/edit/", changing.edit, name="edit-authentication"),
    path("authentications/<int:pk>/edit/test/", testing.edited, name="test-edited"),
    path("authentications/<int:pk>/key/", key_pairs.replaced, name="replace-key-pair"),
    path("authentications/<int:pk>/sharing/", changing.sharing, name="share-authentication"),
    path("authentications/<int:pk>/test/", testing.stored, name="test-authentication"),
    path(
        "authentications/<int:pk>/duplicate/", changing.duplicate, name="duplicate-authentication"
    ),
    path("authentications/<int:pk>/delete/", changing.delete, name="delete-authentication"),
    path("authentications/<int:pk>/forget-key/", changing.forget_key, name="forget-key"),
]
