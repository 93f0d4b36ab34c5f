"""The built pages: the desk at `/`, the API page at `/api/v1/docs`, their files under `/static`."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from router.web.settings import WebSettings

DESK_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Omnirouter</title></head><body>
<h1>This page was not built</h1>
<p>The router runs, and its API answers under /api/v1. The browser pages are missing from this installation:
run <code>pip install -e .</code> again in the checkout and read what it says.</p>
</body></html>
"""


class Pages:
    """Serves what the browser build put into the static folder."""

    def __init__(self, settings: WebSettings) -> None:
        self._static = settings.static

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the routes; a part that was not built has no files."""
        routes: list[web.AbstractRouteDef] = [
            web.get("/", self.desk),
            web.get("/api/v1/docs", self.docs),
        ]
        for part in ("desk", "docs"):
            folder = self._static / part
            if folder.is_dir():
                routes.append(web.static(f"/static/{part}", folder))
        return routes

    async def desk(self, request: web.Request) -> web.StreamResponse:
        """Give the desk."""
        return _page(self._static / "desk" / "index.html")

    async def docs(self, request: web.Request) -> web.StreamResponse:
        """Give the page that shows the API."""
        return _page(self._static / "docs" / "index.html")


async def secure_response(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer of the router tells a browser; routes of plugins set their own policy."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    if request.path == "/" or request.path.startswith(("/api/", "/static/", "/hooks/")):
        headers.setdefault("Content-Security-Policy", DESK_POLICY)
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.path.startswith("/static/"):
        # the build names what it puts into assets by its content
        forever = "/assets/" in request.path and response.status in (200, 206, 304)
        headers.setdefault("Cache-Control", "public, max-age=31536000, immutable" if forever else "no-cache")


def _page(path: Path) -> web.StreamResponse:
    if not path.is_file():
        return web.Response(status=503, text=_NOT_BUILT, content_type="text/html")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})
