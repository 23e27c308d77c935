"""`manage.py workers`: the queue of workers, which `manage.py cluster` keeps running."""

import gc
from multiprocessing.util import register_after_fork

from django.core.management.base import BaseCommand
from django_q.cluster import Cluster

from console import locks
from console.jobs.loading import load
from console.jobs.stopping import begin_no_more
from console.orphans import die_with_parent


class Leader(Cluster):
    """The cluster of django-q, which hears each signal to end, and which nothing outlives."""

    def __init__(self):
        self.started = self.told = False
        super().__init__()
        register_after_fork(self, die_with_parent)

    def start(self):
        super().start()
        self.started = True
        if self.told:
            self.stop()

    def sig_handler(self, signum, frame):
        """Stop once, and when there is something to stop.

        A second signal would wait for what the first has locked. There are some where a
        supervisor is killed: Linux sends one for each of its threads.
        """
        if self.told:
            return
        self.told = True
        begin_no_more()
        if self.started:
            super().sig_handler(signum, frame)


class Command(BaseCommand):
    help = "Run jobs until told to stop. The cluster starts this, and starts it again if need be."

    requires_system_checks = ()  # They would load all pages.

    def handle(self, *args, **options):
        with locks.in_use():
            load()
            gc.freeze()  # What all workers share stays as it is, and in memory once.
            Leader().start()  # Its processes are forks of this one, which ends after them.
