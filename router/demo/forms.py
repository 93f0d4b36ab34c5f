"""What all pages of the demo share: how a page is answered, and how a form of one of them is read."""

from __future__ import annotations

from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, StringConstraints, ValidationError

from router.web.origin import require_own_page
from router.web.settings import WebSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

OneLine = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)]
FormT = TypeVar("FormT", bound=BaseModel)


class BadForm(Exception):
    """A form that cannot be taken; `status` is the answer's."""

    def __init__(self, problem: str, status: int = 422) -> None:
        super().__init__(problem)
        self.status = status


async def read_form(request: web.Request, form: type[FormT]) -> FormT:
    """Read what one of our own pages sent; raises BadForm with the place and the problem."""
    require_own_page(request, WebSettings())
    try:
        return form.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise BadForm(f"{place}: {first['msg']}") from None


def refused(error: BadForm) -> web.Response:
    """Tell a page what was wrong with its form."""
    return web.json_response({"error": str(error)}, status=error.status)


def page(text: str) -> web.Response:
    """Answer with a page that runs nothing but its own files."""
    # `same-origin` keeps the Origin of our own posts; `no-referrer` would make it null
    headers = {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-cache",
    }
    return web.Response(text=text, content_type="text/html", headers=headers)


def news(found: object) -> web.Response:
    """Answer a page that asks what is new."""
    return web.json_response(found, headers={"Cache-Control": "no-store"})
