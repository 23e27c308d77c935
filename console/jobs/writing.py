"""The tables that a job may write to: those that its owner may change when it runs."""

from pathlib import Path

from console import tables
from console.engines import QueryError
from console.jobs.lease import Lease
from console.jobs.log import write
from console.jobs.retrying import first_of
from console.models import Job
from integrations.errors import PermanentError, Stopped, TransientError

REMEDY = (
    "Mend the query or the export: the mode Replace makes the table anew, with the columns of the "
    "result. For the right to write, ask the owner of the database."
)


class OwnTables:
    """The tables of this console, changed with the rights of a job's owner."""

    def __init__(self, job: Job, lease: Lease):
        self.job = job
        self.lease = lease

    def put(self, database: str, table: str, rows: Path, mode: str) -> int:
        name = str(first_of(self.job).pk)  # A retry has the place of what it repeats.
        run = tables.Run(name, self.job.owner, self.lease.stopped, self.fence)
        try:
            return tables.put(rows, (database, table), run, mode=mode)
        except tables.TableChanged as error:
            raise TransientError(str(error)) from None
        except tables.TableError as error:
            raise PermanentError(str(error), remedy=REMEDY) from None
        except QueryError as error:
            if error.told != str(error):
                write(self.job, str(error))  # The error of the job is read by more people.
            raise PermanentError(error.told, remedy=REMEDY) from None

    def fence(self):
        """Raise Stopped where the table is not, or not any more, to be changed here."""
        if self.lease.stopped() or not self.lease.held():
            raise Stopped
