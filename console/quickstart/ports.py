"""The ports of the quickstart, all on 127.0.0.1."""

import errno
import socket

from console.quickstart import Refusal

ADDRESS = "127.0.0.1"


def free(port):
    """Return whether a server can listen on the port."""
    try:
        listen(port).close()
    except OSError:
        return False
    return True


def claim(port):
    """Return the port, for 0 a free one. Raise Refusal where it cannot be had."""
    try:
        with listen(port) as server:
            return server.getsockname()[1]
    except OSError as error:
        why = "in use" if error.errno == errno.EADDRINUSE else f"not to be had ({error.strerror})"
        raise Refusal(
            f"Port {port} is {why}. End the program that has it, or choose another: "
            f"python3 manage.py quickstart --port {any_free()}"
        ) from None
    except OverflowError:
        raise Refusal(f"{port} is no port: use a number from 1 to 65535.") from None


def any_free():
    with listen(0) as server:
        return server.getsockname()[1]


def listen(port):
    server = socket.socket()
    try:
        # As servers do: a port whose last connections are still fading away is free.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((ADDRESS, port))
    except (OSError, OverflowError):
        server.close()
        raise
    return server


def kept(path):
    """Return the port kept at the path where it is free; else another, and keep that."""
    if path.exists() and path.read_text().isdigit() and free(int(path.read_text())):
        return int(path.read_text())
    port = any_free()
    path.write_text(str(port))
    return port
