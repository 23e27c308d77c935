"""Several channels for one file: SSH's window is one channel's, and distance makes it narrow."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_STAT, SFTP_FLAG_WRITE

from integrations.transports.sftp.attributes import attributes
from integrations.transports.sftp.connection import FAILURES, Connection
from integrations.transports.sftp.requests import Requests, string

LANES = 4
FAR = 0.01  # seconds to an answer, from which on one channel is too narrow
WORTH_LANES = 4 * 1024 * 1024  # bytes of a file, from which on more channels pay


@dataclass
class Lane:
    """A channel, and the file as it is open there."""

    requests: Requests
    handle: bytes
    client: paramiko.SFTPClient | None = None  # where the channel is the lane's own

    def send_close(self) -> None:
        """Ask to close the file here; whether that went well is known once all is settled."""
        self.requests.send(CMD_CLOSE, string(self.handle))

    def end(self) -> None:
        """Wait for all answers and give the channel up. Raise OSError where one is an error."""
        self.requests.settle()
        if self.client:
            self.client.close()

    def size_of(self, path: str) -> int | None:
        """Return the size of the file of that name as the server tells it here, if it does."""
        return attributes(self.requests.ask(CMD_STAT, string(path.encode()))).st_size


def is_far(connection: Connection, requests: Requests) -> bool:
    """Return whether answers take so long that one channel cannot fill the line.

    Each can be late for other reasons: those to the log-in and to what came after it tell.
    """
    return min(connection.round_trip, requests.quickest) >= FAR


def prepare(connection: Connection, waiting: int) -> None:
    """Begin to open channels for a file of which so many bytes wait, where that will pay.

    The first channel asks its questions meanwhile.
    """
    far = connection.round_trip >= FAR
    if far and waiting >= WORTH_LANES and connection.several is not False:
        connection.account.shown.several = False  # If the connection breaks by it.
        connection.open_ahead(LANES - 1)


def more_lanes(connection: Connection, path: str) -> list[Lane]:
    """Open the file on more channels, at the same time; as many as the server lets us."""
    with ThreadPoolExecutor(LANES - 1, "lane") as pool:
        asked = [pool.submit(one_lane, connection, path) for _ in range(LANES - 1)]
    return [lane for lane in (each.result() for each in asked) if lane]


def one_lane(connection, path):
    try:
        client = connection.further_session()
        channel = client.get_channel()
        requests = Requests(channel, connection.watchdog.waiting)
        lane = Lane(requests, requests.open(path, SFTP_FLAG_WRITE), client)
        channel.settimeout(connection.patience)
    except FAILURES:
        if not connection.is_open():
            raise
        return None
    return lane
