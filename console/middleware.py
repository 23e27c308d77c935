"""What every page carries, and how long somebody stays logged in."""

import time

RENEWED = 300  # seconds in which a session that is in use is not written again

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)


def not_kept(get_response):
    """Let no browser and no proxy keep a page: the next one at the computer would see it."""

    def respond(request):
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return respond


def content_security_policy(get_response):
    """Allow what this server sends and nothing else: no inline script, no inline style."""

    def respond(request):
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return respond


def stays_logged_in(get_response):
    """Let a session in use go on: its time begins anew, though not with a write for each page.

    What a page asks for by itself is no use: it goes on where nobody is.
    """

    def respond(request):
        if "X-Poll" not in request.headers and request.user.is_authenticated:
            renew(request.session)
        return get_response(request)

    return respond


def renew(session):
    now = int(time.time())
    if now - session.get("renewed", 0) >= RENEWED:
        session["renewed"] = now
