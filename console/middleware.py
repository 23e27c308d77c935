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
    """Let a session in use go on: its time begins anew, though not with a write for each page."""

    def respond(request):
        now = int(time.time())
        if request.user.is_authenticated and now - request.session.get("renewed", 0) >= RENEWED:
            request.session["renewed"] = now
        return get_response(request)

    return respond
