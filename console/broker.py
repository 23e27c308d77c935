"""The queue of messages to workers, in the database."""

import logging
from time import sleep

from django.db import connection
from django_q.brokers.orm import ORM

from console.outages import OUTAGES, PAUSE

logger = logging.getLogger(__name__)


class Broker(ORM):
    """django-q's own, which outlives the database's absence.

    Else who hands out messages would end, and the supervisor take the whole group for wedged: it
    kills jobs that only wait for the database.
    """

    def dequeue(self):
        try:
            return super().dequeue()
        except OUTAGES as error:
            connection.close()
            logger.warning("The database did not answer: %s", str(error).strip())
            sleep(PAUSE)
            return None

    def delete(self, task_id):
        """Forget a message. One that stays wakes a worker once more, which finds nothing to do."""
        try:
            super().delete(task_id)
        except OUTAGES:
            connection.close()
            logger.warning("A message that was done stays, as the database did not answer.")
