"""Typed routes: what a function's signature says is what a request is checked against and documented by.

A `Call` names a method, a path and an async function. The function's parameters decide what it gets:
`caller` (who asks), `request`, `query` and `body` (pydantic models), and one text for each `{name}` of the
path. What it returns (a dataclass, bytes to save, nothing, or a finished response) becomes the answer.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from router.web.auth import Caller
from router.web.files import Download
from router.web.problems import FieldError, Problem, problem_of

API_PREFIX = "/api/v1"
# the longest name a rules file may give; ids are shorter
PATH_VALUE_LIMIT = 80

_PATH_NAME = re.compile(r"\{(\w+)\}")
_SURROGATE = re.compile("[\ud800-\udfff]")

Identify: TypeAlias = Callable[[web.Request], Awaitable[Caller]]


def whole(value: object) -> object:
    """Take 1.0 for 1: JSON knows one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def storable(text: str) -> str:
    """Refuse what no database stores as text: NUL and halves of surrogate pairs."""
    if "\x00" in text or _SURROGATE.search(text):
        raise ValueError("the text holds a NUL or half a surrogate pair; leave it out")
    return text


# what `storable` refuses, as far as a schema can say it
_AS_DESCRIBED = Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})

Line: TypeAlias = Annotated[str, StringConstraints(max_length=500), AfterValidator(storable), _AS_DESCRIBED]
Name: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=100), AfterValidator(storable), _AS_DESCRIBED
]
FileName: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(storable), _AS_DESCRIBED
]
Prose: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=100_000), AfterValidator(storable), _AS_DESCRIBED
]
Unfinished: TypeAlias = Annotated[
    str, StringConstraints(max_length=100_000), AfterValidator(storable), _AS_DESCRIBED
]


class Body(BaseModel):
    """A JSON body: unknown fields and loose types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """The query string: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the API. `raises` lists the codes it may answer beyond those every call may."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    action: Callable[..., Awaitable[Any]]
    status: int = 200
    admin: bool = False
    # a supervisor or an admin
    supervisor: bool = False
    public: bool = False
    # media type of a body that is no JSON; the action reads it from the request
    takes: str = ""
    raises: Sequence[str] = ()
    # what a finished response holds, for the description: a type, a media type, or None for nothing
    holds: Any = inspect.Signature.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCall:
    """A call with its signature read."""

    call: Call
    path_names: Sequence[str]
    query: type[Query] | None
    body: type[Body] | None
    answer: Any
    wants: frozenset[str] = field(default_factory=frozenset)


def bind(call: Call) -> BoundCall:
    """Read the signature of a call's function; TypeError when it does not fit its path."""
    signature = _signature(getattr(call.action, "__func__", call.action))
    path_names = _PATH_NAME.findall(call.path)
    parameters = {
        name: parameter.annotation for name, parameter in signature.parameters.items() if name != "self"
    }
    strange = set(parameters) - set(path_names) - {"caller", "request", "query", "body"}
    if strange or not set(path_names) <= set(parameters):
        raise TypeError(f"{call.method} {call.path}: the parameters of {call.action} do not fit the path")
    return BoundCall(
        call=call,
        path_names=path_names,
        query=parameters.get("query"),
        body=parameters.get("body"),
        answer=signature.return_annotation if call.holds is inspect.Signature.empty else call.holds,
        wants=frozenset(parameters),
    )


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """Read a signature, once for all applications: it evaluates every annotation."""
    return inspect.signature(function, eval_str=True)


def route_of(bound: BoundCall, identify: Identify) -> web.RouteDef:
    """Give the aiohttp route that serves a call."""

    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            return await _serve(bound, identify, request)
        except Exception as error:
            return problem_of(error).response()

    return web.route(bound.call.method, API_PREFIX + bound.call.path, serve)


async def _serve(bound: BoundCall, identify: Identify, request: web.Request) -> web.StreamResponse:
    given: dict[str, Any] = {}
    if not bound.call.public:
        given["caller"] = caller = await identify(request)
        if bound.call.admin and caller.role != "admin":
            raise Problem(403, "forbidden", "Only an admin may do this.")
        if bound.call.supervisor and not caller.supervises:
            raise Problem(403, "forbidden", "Only a supervisor or an admin may do this.")
    given["request"] = request
    given.update(_path_values(request, bound.path_names))
    if bound.query is not None:
        given["query"] = _checked(bound.query, _query_values(request))
    if bound.body is not None:
        given["body"] = _checked(bound.body, await _json_body(request))
    if bound.call.takes:
        _require_plain(request)
        if request.content_type != bound.call.takes:
            raise Problem(415, "unsupported_media_type", f"Send it with Content-Type: {bound.call.takes}.")
    answer = await bound.call.action(**{name: given[name] for name in bound.wants})
    return _response(answer, bound.call.status)


def _path_values(request: web.Request, names: Sequence[str]) -> Mapping[str, str]:
    values = {name: request.match_info[name] for name in names}
    for value in values.values():
        # such a name is nobody's: no need to ask the store
        if len(value) > PATH_VALUE_LIMIT or not value.isascii() or not value.isprintable():
            raise Problem(404, "not_found", "There is nothing with this id.")
    return values


def _query_values(request: web.Request) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in request.query.items():
        if name in values:
            raise Problem(400, "bad_request", f"The parameter {name!r} is given twice.")
        values[name] = value
    return values


def _require_plain(request: web.Request) -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "Send the body as it is, not compressed.")


async def _json_body(request: web.Request) -> Any:
    _require_plain(request)
    body = await request.read()
    if not body:
        return {}
    if request.content_type != "application/json":
        raise Problem(415, "unsupported_media_type", "Send JSON with Content-Type: application/json.")
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Problem(400, "bad_request", "The body is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, "bad_request", f"The body is not JSON: {error}") from None


def _checked(model: type[BaseModel], values: Any) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = [
            FieldError(at=".".join(str(step) for step in one["loc"]), message=one["msg"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        where = ", ".join(sorted({one.at for one in errors if one.at}))
        detail = f"Mend {where}." if where else "The body must be a JSON object."
        raise Problem(400, "bad_request", detail, errors=errors) from None


def _response(answer: Any, status: int) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    if answer is None:
        return web.Response(status=204, headers={"Cache-Control": "no-store"})
    if isinstance(answer, Download):
        return answer.response()
    return json_response(answer, status)


def json_response(answer: Any, status: int = 200) -> web.Response:
    """Give an answer as JSON that no cache keeps."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(answer),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
