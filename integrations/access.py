"""Who may choose, see and edit which authentication, and where one is used."""

from collections import Counter, defaultdict

from django.db.models import PROTECT, Q

from integrations.models import Authentication, SwitchedOff, server_of
from integrations.result import sample
from integrations.settings_json import MASK


def keeps_credentials(user):
    """Return whether the user keeps everyone's authentications."""
    return user.has_perm("integrations.change_authentication")


def visible_to(user):
    """Return the authentications whose page the user may open."""
    if keeps_credentials(user):
        return Authentication.objects.all()
    theirs = Q(owner=user)
    shared = Q(shared_users=user) | Q(shared_groups__in=user.groups.all())
    return Authentication.objects.filter(theirs | Q(inline=False) & shared).distinct()


def usable_by(user):
    """Return the authentications the user may choose for an export."""
    return visible_to(user).filter(inline=False).order_by("name")


def choosable_by(user, kept=None):
    """Return the authentications the user may choose for something new.

    Those of connectors that are switched off are not among them, but for the one that is kept.
    """
    off = Q(type__in=SwitchedOff.objects.values("type"))
    return usable_by(user).exclude(off & ~Q(pk=kept))


def left_out_of(user):
    """Return what is switched off of the connectors that the user has authentications of."""
    return SwitchedOff.objects.filter(type__in=usable_by(user).values("type")).order_by("type")


def may_edit(user, authentication):
    """Return whether the user may change, share and delete it."""
    return authentication.owner_id == user.pk or keeps_credentials(user)


def may_forget_key(user, authentication):
    """Return whether the user may forget its server's key, and harms nobody else by that."""
    if keeps_credentials(user):
        return True
    server = server_of(authentication.settings)
    others = Authentication.objects.exclude(owner=user)
    return may_edit(user, authentication) and not any(
        server_of(other.settings) == server for other in others if other.readable
    )


def sample_for(user, authentication, export):
    """Return the equal --result. Who only uses the authentication sees none of its settings."""
    settings = authentication.settings
    if not may_edit(user, authentication):
        settings = dict.fromkeys(settings, MASK)
    return sample(authentication.connector, settings, export)


def users_of():
    """Return (model, field name) of everything that cannot do without its authentication."""
    return [
        (relation.related_model, relation.field.name)
        for relation in Authentication._meta.related_objects
        if relation.on_delete is PROTECT
    ]


def where_used(authentication):
    """Return (kind, object, address) of everything that cannot do without it."""
    return [
        (model._meta.verbose_name, user, user.get_absolute_url())
        for model, field in users_of()
        for user in model._default_manager.filter(**{field: authentication})
    ]


def usage(authentications):
    """Return how much uses each authentication, in words such as "2 queries", by its key."""
    words = defaultdict(list)
    for model, field in users_of():
        users = model._default_manager.filter(**{f"{field}__in": authentications})
        for key, count in Counter(users.order_by().values_list(field, flat=True)).items():
            name = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
            words[key].append(f"{count} {name}")
    return {key: ", ".join(parts) for key, parts in words.items()}
