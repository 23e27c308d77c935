"""A person's browser, as far as the bench needs one: a session that sends forms."""

from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

PART = {"HX-Request": "true"}


class Browser:
    """Cookies, and requests to one server as its pages make them."""

    def __init__(self, address: str):
        self.address = address.rstrip("/")
        self.cookies = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def get(self, path: str, *, part: bool = False) -> tuple[int, str, str]:
        """Return the status, the text and the path that it came from; a part as htmx asks."""
        return self.send(Request(self.address + path, headers=PART if part else {}))

    def post(self, path: str, *, part: bool = False, **fields) -> tuple[int, str, str]:
        """Send a form with the token of the session."""
        [token] = [each.value for each in self.cookies if each.name == "csrftoken"]
        data = urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
        return self.send(Request(self.address + path, data, PART if part else {}))

    def send(self, request: Request) -> tuple[int, str, str]:
        try:
            with self.opener.open(request) as answer:
                return answer.status, answer.read().decode(), answer.url[len(self.address) :]
        except HTTPError as error:
            with error:
                return error.code, error.read().decode(), request.full_url
