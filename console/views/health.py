"""Whether the console lives and can work, for those who watch it."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.engines.sandbox import landlock_version
from console.jobs import cluster_alive


@login_not_required
@never_cache
@require_safe
def health(request):
    """Answer 200 when jobs can be submitted and run, else 503."""
    parts = {"database": database_answers(), "cluster": cluster_alive()}
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
