"""What the S3 sandbox answers where it does not do what it was asked for."""


class Refusal(Exception):
    """An answer with a status, a code of S3's, a message, and more of its XML."""

    def __init__(self, status: int, code: str, message: str = "", *, more: str = ""):
        super().__init__(code)
        self.status, self.code, self.more = status, code, more
        self.message = message or code

    @property
    def xml(self) -> str:
        return (
            f"<Error><Code>{self.code}</Code><Message>{self.message}</Message>{self.more}</Error>"
        )
