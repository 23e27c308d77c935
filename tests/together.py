"""Threads that do the same at the same moment, as clicks and workers can."""

import threading

from django.db import connections


def at_once(number, work):
    """Do the same thing in many threads at the same time. Return what each gave."""
    ready, found = threading.Barrier(number), []

    def doing(index):
        ready.wait(30)
        try:
            found.append(work(index))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=doing, args=[index]) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == number
    return found
