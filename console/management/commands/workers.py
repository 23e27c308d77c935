"""`manage.py workers`: the queue of workers, which `manage.py cluster` keeps running."""

import gc

from django.core.management.base import BaseCommand
from django_q.cluster import Cluster

from console import locks
from console.jobs.loading import load


class Command(BaseCommand):
    help = "Run jobs until told to stop. The cluster starts this, and starts it again if need be."

    requires_system_checks = ()  # They would load all pages.

    def handle(self, *args, **options):
        with locks.in_use():
            load()
            gc.freeze()  # What all workers share stays as it is, and in memory once.
            Cluster().start()  # Its processes are forks of this one, which ends after them.
