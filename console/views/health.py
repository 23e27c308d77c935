"""Whether the console lives and can work, for those who watch it."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.access import is_admin
from console.engines.sandbox import landlock_version
from console.jobs import cluster_alive
from console.watch import figures, late, ticking


@login_not_required
@never_cache
@require_safe
def health(request):
    """Answer 200 when jobs can be submitted and run, and slots are started, else 503."""
    parts = {"database": database_answers(), "cluster": cluster_alive()}
    parts["dispatcher"] = parts["database"] and not ticking().silent
    parts["slots"] = parts["database"] and not late()
    ready = all(parts.values())
    if parts["database"] and request.user.is_authenticated:  # Strangers learn no weakness here.
        parts["landlock"] = landlock_version() > 0
    return JsonResponse({"live": True, "ready": ready} | parts, status=200 if ready else 503)


def database_answers():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@login_not_required
@never_cache
@require_safe
def metrics(request):
    """Show figures in the text format of Prometheus, to admins and to whoever has the token."""
    if not (is_admin(request.user) or has_token(request)):
        raise PermissionDenied
    lines = (f"{name} {value}\n" for name, value in figures().items())
    return HttpResponse("".join(lines), content_type="text/plain; version=0.0.4; charset=utf-8")


def has_token(request):
    given = request.headers.get("Authorization", "")
    token = settings.METRICS_TOKEN
    return bool(token) and constant_time_compare(given, f"Bearer {token}")
