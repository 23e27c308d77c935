"""Headers that every page carries."""

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
