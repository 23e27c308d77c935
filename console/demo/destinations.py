"""The servers on this machine that the demo exports to, and how to log in to each."""

from dataclasses import dataclass

from integrations.sandbox import HOST, clevertap

DESTINATION = "Demo SFTP sandbox"
CLEVERTAP_ACCOUNT = "Demo CleverTap sandbox"
S3, SALESFORCE_DMP = "Demo S3 sandbox", "Demo Salesforce DMP"
NAMES = (DESTINATION, CLEVERTAP_ACCOUNT, S3, SALESFORCE_DMP)
Login = tuple[str, dict]  # connector, settings


@dataclass(frozen=True)
class Sandbox:
    """The SFTP server, and those of S3 and of CleverTap's API where they are."""

    port: int
    username: str
    password: str
    s3: str = ""  # its address
    access_key_id: str = ""
    secret_access_key: str = ""
    clevertap: str = ""  # the address of its API

    def logins(self) -> dict[str, Login]:
        """Return what the demo's authentications log in with, by their names."""
        sftp = {
            "host": HOST,
            "port": self.port,
            "username": self.username,
            "auth_method": "password",
            "password": self.password,
        }
        return {DESTINATION: ("sftp_v2", sftp)} | self.buckets() | self.vendor()

    def buckets(self) -> dict[str, Login]:
        if not self.s3:
            return {}
        keys = {
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "endpoint": self.s3,
            "path_style": True,
        }
        client = {"client_name": "client-demo"}
        return {S3: ("s3", keys), SALESFORCE_DMP: ("salesforce_dmp", keys | client)}

    def vendor(self) -> dict[str, Login]:
        if not self.clevertap:
            return {}
        api = {
            "account_id": clevertap.ACCOUNT,
            "account_passcode": clevertap.PASSCODE,
            "region": "other",
            "api_host": self.clevertap,
        }
        return {CLEVERTAP_ACCOUNT: ("clevertap", api)}
