"""What a person hears of by mail, what the mail looks like, and whether it arrives."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from console.access import is_admin
from console.models import Alarm, Notice, Query
from console.notifications import (
    TooMany,
    administrators,
    heard_by,
    hearings,
    mail_is_set_up,
    preview,
    shows,
    stuck,
    try_mail,
)
from console.queries.access import visible_work
from console.views.keys import key_of
from integrations import threads

PER_PAGE = 25
NOTICES = 10  # of the latest messages that are listed
Kind = Notice.Kind


@require_GET
def notifications(request):
    """Show what tells the person of its runs, who else hears, and the mail itself."""
    user = request.user
    heard = Paginator(heard_by(user), PER_PAGE).get_page(request.GET.get("page"))
    rows = hearings(heard.object_list)
    theirs = set(
        visible_work(user)
        .filter(pk__in=[row.query.pk for row in rows])
        .values_list("pk", flat=True)
    )
    context = {
        "heard": heard,
        "rows": [{"hearing": row, "change": change_of(row.query, theirs)} for row in rows],
        "previews": previews(shown(request), user),
        "notices": user.notices.select_related("job")[:NOTICES],
        "mail": mail_is_set_up() and mail_server(),
        "stuck": mail_is_set_up() and is_admin(user) and stuck(),
        "alarms": (is_admin(user) or user.is_staff) and alarms(),
    }
    return render(request, "console/notifications.html", context)


@require_POST
def test_mail(request):
    """Send a mail to the person's own address, and say what became of it."""
    context = tested(request.user)
    if request.htmx:
        return render(request, "console/_mail_test.html", context)
    level, text = said(request.user, **context)
    messages.add_message(request, level, text)
    return redirect("notifications")


def tested(user):
    """Return what became of a test, or why there was none."""
    if not user.email:
        return {"untried": "You have no e-mail address. Enter it in your profile first."}
    if not mail_is_set_up():
        return {"untried": "Mail is not set up on this server. Ask an administrator."}
    try:
        with threads.place():
            return {"tried": try_mail(user)}
    except (threads.Busy, TooMany) as error:
        return {"untried": str(error)}


def said(user, untried="", tried=None):
    """Return what became of a test, as a message of a level."""
    if untried or tried.given_up_at:
        return messages.ERROR, f"Not sent. {untried or tried.error}"
    if not tried.sent_at:
        return messages.INFO, f"It is on its way to {user.email}."
    look = f"Look for “{tried.subject}” at {user.email}, and among the spam there."
    return messages.SUCCESS, f"The mail server took it. {look}"


def change_of(query, theirs):
    """Return where the person can change who hears of it, or nothing."""
    if query.pk not in theirs:
        return ""
    if query.about:
        return f"{query.place}edit/#schedule"
    return f"{query.get_absolute_url()}?panel=schedule"


def mail_server():
    return {
        "host": settings.EMAIL_HOST,
        "port": settings.EMAIL_PORT,
        "security": settings.MAIL_SECURITY,
        "user": settings.EMAIL_HOST_USER,
        "sender": settings.DEFAULT_FROM_EMAIL,
    }


def shown(request) -> Query:
    """Return whose mail is shown: what was asked for, else the first, else a made-up one."""
    heard = heard_by(request.user)
    if key := key_of(request.GET.get("preview")):
        return get_object_or_404(heard, pk=key)
    return heard.first() or Query(name="Weekly newsletter", owner=request.user)


def previews(query, user):
    """Return the mails about a failure and a success that are the person's to see, as written."""
    titles = {Kind.FAILED: "When a run fails", Kind.SUCCEEDED: "When a run succeeds"}
    mails = [
        (title, preview(query, kind, user))
        for kind, title in titles.items()
        if shows(query, kind, user)
    ]
    return {"query": query, "mails": mails}


def alarms():
    """Return what administrators are told of, and who they are."""
    return {
        "lasting": Alarm.objects.order_by("began_at"),
        "people": administrators(),
        "webhook": bool(settings.WEBHOOK_URL),
        "minutes": settings.ALARM_AFTER.total_seconds() / 60,
    }
