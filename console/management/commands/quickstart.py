"""Start a console with demo data, deliver a first file, and say where everything is."""

import signal
import time
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from io import StringIO

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from console.demo.authentications import sandbox_keys
from console.quickstart import Refusal, data, home, landing, ports, removed
from console.quickstart.processes import Children, log_of
from console.supervisor import WORKERS_NICE
from integrations.sandbox.faults import FILE_NAME as FAULTS

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STARTING = 60  # seconds that the web server may take
LOG_IN = "/login/"  # as it is in the routes, which would load all pages
DRAIN = 0.4  # seconds that running jobs may go on when it is told to stop


class Command(BaseCommand):
    help = (
        "Start web server, cluster and sandboxes for SFTP and S3 on this machine, with demo data; "
        "deliver a first file and say where it is. Ctrl-C stops all of it."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--port", type=int, default=8000, help="of the web server (8000); 0: any"
        )
        parser.add_argument("--home", metavar="DIR", help="folder of all state (var/)")
        parser.add_argument("--once", action="store_true", help="stop when the file has landed")
        parser.add_argument(
            "--demo", action="store_true", help="make the demo again that was removed"
        )

    def handle(self, *, port, once, demo, **_):
        self.began = time.monotonic()
        delivered = False
        with interruptible(), ExitStack() as stack:
            port = ports.claim(port)
            address = f"http://{ports.ADDRESS}:{port}/"
            stack.enter_context(home.claimed(address))
            if demo:
                removed.forget()
            if once and removed.is_removed():
                raise Refusal(
                    "The demo was removed from this home, so there is no file to deliver. Add "
                    "--demo to make it again."
                )
            children = Children(environment(address))
            stack.callback(stop, children)
            # With --once there is but one job, which is done by then.
            file = self.start(children, port, drain=0 if once else DRAIN)
            delivered = True
            if file and not once:  # The workers have the first export behind them.
                call_command("demo", begin=True)
            self.stdout.write(summary(address, file, once=once))
            if file and not once:
                self.finish_demo()
            while not once:
                children.check()
                time.sleep(0.2)
        if not delivered:
            raise SystemExit(130)  # As a shell says of a command that was interrupted.

    def start(self, children, port, *, drain):
        """Start everything at once, for most time goes by while it loads; deliver a file."""
        sandbox = ports.kept(settings.HOME / "sandbox.port")
        s3 = ports.kept(settings.HOME / "s3_sandbox.port")
        clevertap = ports.kept(settings.HOME / "clevertap.port")
        # What was rehearsed before would keep the first file from landing.
        (sandbox_keys() / FAULTS).unlink(missing_ok=True)
        # These would only wait for Django to load: they go without it.
        command = ("-m", "integrations.sandbox", *places(sandbox))
        children.start("sandbox", *command, niceness=WORKERS_NICE)
        for name, module, at, files in (
            ("S3 sandbox", "s3", s3, data.sandbox_buckets()),
            ("CleverTap sandbox", "clevertap", clevertap, data.clevertap_files()),
        ):
            place = (str(at), str(files), str(sandbox_keys()))
            command = ("-m", f"integrations.sandbox.{module}", *place)
            children.start(name, *command, niceness=WORKERS_NICE)
        if data.migrate():
            self.tell("database made")
        children.start("cluster", "-m", "console.supervisor", str(drain))
        children.start("web server", "-m", "console.web", f"{ports.ADDRESS}:{port}")
        query = data.prepare(sandbox, s3, clevertap, self.tell)
        job = query and landing.submit(query)
        wait_for_answer(port, children.check)
        self.tell("web server answers")
        if job is None:
            return None
        landing.wait_for(job, children.check)
        file = landing.landed(job, data.sandbox_files())
        self.tell("first file delivered, and checked against the result")
        return file

    def finish_demo(self):
        """Make what needs the refresh that is under way, while the person signs in."""
        self.stdout.flush()
        said = StringIO()
        try:
            call_command("demo", stdout=said)
        except CommandError as error:
            self.stdout.write(f"The segments of the demo are missing: {error}")
        else:
            self.tell(said.getvalue().strip())
        self.stdout.flush()

    def tell(self, what):
        self.stdout.write(f"{time.monotonic() - self.began:5.1f} s  {what}")


def places(sandbox):
    """Return where the sandbox listens, where it puts files, and where its keys are kept."""
    return str(sandbox), str(data.sandbox_files()), str(sandbox_keys())


def environment(address):
    """Return the settings of a console that is only for this machine."""
    return {
        "CONSOLE_HOME": str(settings.HOME),
        "CONSOLE_HTTPS": "False",
        "CONSOLE_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CONSOLE_PUBLIC_URL": address,
    }


def wait_for_answer(port, watch):
    """Wait until the web server shows the page to log in at."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        watch()
        if answer(port) == 200:
            return
        time.sleep(0.05)
    raise Refusal(f"The web server does not answer. See {log_of('web server')}.")


def answer(port):
    connection = HTTPConnection(ports.ADDRESS, port, timeout=STARTING)
    try:
        connection.request("GET", LOG_IN)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None  # Not yet.
    finally:
        connection.close()


def summary(address, file, *, once):
    landed = [
        f"Landed   {file.path}" if file else "Demo     removed; quickstart --demo makes it again",
        *([f"         {file.rows} rows, SHA-256 {file.sha256}"] if file else []),
    ]
    return "\n".join(
        [
            "",
            f"Open     {address}",
            "Sign in  marketer / marketer (writes queries, exports their results)",
            "         admin / admin       (keeps credentials as well, at /admin/ too)",
            *landed,
            f"Logs     {settings.HOME / 'logs'}",
            *([] if once else ["Stop     Ctrl-C"]),
        ]
    )


@contextmanager
def interruptible():
    """Let every signal that asks for an end do what Ctrl-C does."""
    before = {each: signal.signal(each, interrupt) for each in SIGNALS}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def interrupt(*_):
    raise KeyboardInterrupt


def stop(children):
    """Stop the children; further signals have nothing to add."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    children.stop()
