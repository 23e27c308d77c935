"""Who signs in to which S3 server, and the client that does."""

import os
from dataclasses import dataclass, field
from functools import cache

from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from integrations.transports.s3 import instance
from integrations.transports.s3.sending import Sender

NOTHING = (None, None, None, None)
EMPTY_FILE = (None, None, os.devnull, None)
# What is set up for other programs on this machine is not for exports.
OWN_SETTINGS = {"profile": NOTHING, "config_file": EMPTY_FILE, "credentials_file": EMPTY_FILE}


@cache
def loader() -> Loader:
    """Return what reads botocore's description of S3, once for all clients of a process.

    It is 100 ms of the processor each time, most of what a client costs.
    """
    return create_loader()


@dataclass(frozen=True)
class Account:
    """Where to sign in, and with what."""

    region: str = "us-east-1"
    endpoint: str = ""  # of a server that is not Amazon's
    path_style: bool = False
    instance_role: bool = False  # whether to sign in as the role of this machine
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    timeout: float = 60.0  # seconds that the server may be silent

    def client(self, sender: Sender):
        """Return a client whose requests the sender takes. It makes each of them once."""
        session, own = Session(session_vars=OWN_SETTINGS), {}
        session.register_component("data_loader", loader())
        if self.instance_role:
            session.register_component("credential_provider", instance.Role(sender.delivery))
        else:
            own["aws_access_key_id"] = self.access_key_id
            own["aws_secret_access_key"] = self.secret_access_key
        client = session.create_client(
            "s3",
            region_name=self.region,
            endpoint_url=self.endpoint or None,
            config=self.config(),
            **own,
        )
        # What the handler of this event returns is the answer: botocore opens no connection.
        client.meta.events.register("before-send.s3", lambda request, **_: sender.send(request))
        return client

    def config(self):
        return Config(
            signature_version="s3v4",
            retries={"total_max_attempts": 1, "mode": "standard"},
            s3={
                "addressing_style": "path" if self.path_style else "virtual",
                "payload_signing_enabled": True,  # so that the server checks what it received
            },
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
            inject_host_prefix=False,
        )
