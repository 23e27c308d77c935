"""The first page."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import overview
from console.access import is_admin
from console.engines.sandbox import landlock_version
from console.jobs import cluster_alive
from console.notifications import administrators, mail_is_set_up, stuck
from console.queries.access import visible_jobs, visible_work
from console.watch import backed_up, is_late, short_of_room, ticking


@require_GET
def home(request):
    """Show how things go; while the first steps are not done, they are looked at again."""
    steps = overview.first_steps(request.user)
    if request.htmx:
        return render(request, "console/_first_steps.html", {"steps": steps})
    admin = is_admin(request.user)
    queries = visible_work(request.user)
    scheduled = overview.scheduled(queries)
    following = list(scheduled[: overview.SHOWN])
    jobs = visible_jobs(request.user)
    held = list(overview.held(jobs)[: overview.SHOWN])
    days = overview.days(jobs)
    context = {
        "steps": steps,
        "alive": cluster_alive(),
        "ticking": ticking(),
        "late": [query for query in following if is_late(query.schedule)],
        "unfenced": not landlock_version() and admin,
        "backup": admin and backed_up(),
        "short_of_room": admin and short_of_room(),
        "mute": admin and not mail_is_set_up(),
        "unreachable": admin and not administrators(),
        "stuck": mail_is_set_up() and admin and stuck(),
        "unheard": overview.unheard(queries, installation=admin),
        "held": held,
        "held_count": overview.held(jobs).count() if len(held) == overview.SHOWN else len(held),
        "skipped": overview.skipped(queries),
        "today": days[-1],
        "total": sum(day["success"] + day["failed"] for day in days),
        "chart": overview.chart(days),
        "schedules": overview.active(queries),
        "next": following,
        "failing": overview.failing(queries),
    }
    return render(request, "console/home.html", context)
