"""Look-ups: each is written down, with what it found, and goes on until all was looked through."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from console.deliveries.asking import BadIdentifier, Token, asked
from console.deliveries.searching import RELATED, Match, search
from console.models import Delivery, LookUp

MOST, WITHIN = 60, timedelta(hours=1)  # look-ups of one person
SECONDS = 1.5  # that one portion takes


def begin(text: str, by: User) -> LookUp:
    """Look an identifier up. Raise BadIdentifier, or LogKeyUnreadable."""
    lately = LookUp.objects.filter(by=by, at__gt=timezone.now() - WITHIN).count()
    if lately >= MOST:
        raise BadIdentifier(f"That were {MOST} look-ups within an hour. Go on a little later.")
    kind, tokens = asked(text)
    look_up = LookUp.objects.create(by=by, kind=kind, tokens=[list(token) for token in tokens])
    return go_on(look_up)


def go_on(look_up: LookUp) -> LookUp:
    """Look through some more deliveries. Of two that do it at once, one counts."""
    if look_up.done:
        return look_up
    tokens = [Token(*token) for token in look_up.tokens]
    portion = search(tokens, before=look_up.before, seconds=SECONDS)
    found = [
        [match.delivery.pk, match.columns, match.types, match.status] for match in portion.matches
    ]
    as_it_was = LookUp.objects.filter(pk=look_up.pk, before=look_up.before, done=False)
    as_it_was.update(
        matches=look_up.matches + found,
        looked_at=look_up.looked_at + portion.looked_at,
        before=portion.next,
        done=portion.next is None,
    )
    look_up.refresh_from_db()
    return look_up


def matches_of(look_up: LookUp) -> list[Match]:
    """Return what a look-up found so far, as far as it is kept still."""
    keys = [match[0] for match in look_up.matches]
    kept = Delivery.objects.select_related(*RELATED).in_bulk(keys)
    return [Match(kept[key], *more) for key, *more in look_up.matches if key in kept]


def left_of(look_up: LookUp) -> int:
    """Return how many deliveries are to be looked through yet."""
    if look_up.done:
        return 0
    return Delivery.objects.exclude(path="").filter(pk__lt=look_up.before).count()


def logged_since() -> datetime | None:
    """Return when the first delivery was that is kept."""
    return Delivery.objects.order_by("at").values_list("at", flat=True).first()
