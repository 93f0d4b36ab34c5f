"""The machine-readable description of the API (OpenAPI 3.1), made from the same signatures that serve it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from router.web.binder import API_PREFIX, PATH_VALUE_LIMIT, BoundCall
from router.web.files import Download
from router.web.problems import TITLES

PROBLEM = "Problem"

STATUS_OF_CODE: Mapping[str, int] = {
    "bad_request": 400,
    "not_logged_in": 401,
    "forbidden": 403,
    "not_found": 404,
    "offer_expired": 409,
    "stale_version": 409,
    "capacity_exceeded": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "content_rejected": 422,
    "rate_limited": 429,
    "provider_unavailable": 502,
    "store_unavailable": 503,
}


def describe(calls: Sequence[BoundCall], version: str) -> dict[str, Any]:
    """Describe all calls."""
    schemas, definitions = _schemas(calls)
    paths: dict[str, dict[str, Any]] = {}
    for bound in calls:
        operation = _operation(bound, schemas)
        paths.setdefault(API_PREFIX + bound.call.path, {})[bound.call.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Omnirouter", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {**definitions, PROBLEM: _problem_schema()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-omnirouter"},
            },
        },
        "security": [{"bearer": []}, {"cookie": []}],
    }


def _schemas(calls: Sequence[BoundCall]) -> tuple[dict[Any, Any], Mapping[str, Any]]:
    """Give a schema for each model and answer, and the definitions they refer to."""
    wanted: dict[tuple[Any, JsonSchemaMode], None] = {}
    for bound in calls:
        if bound.body is not None:
            wanted[bound.body, "validation"] = None
        if _is_json(bound):
            wanted[bound.answer, "serialization"] = None
    return _schemas_of(tuple(wanted))


@cache
def _schemas_of(
    wanted: tuple[tuple[Any, JsonSchemaMode], ...],
) -> tuple[dict[Any, Any], Mapping[str, Any]]:
    """Make the schemas, once for all applications: it takes most of the time of a description."""
    adapters = [(one, mode, TypeAdapter(one)) for one, mode in wanted]
    schemas, rest = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    return {key: schema for (key, _), schema in schemas.items()}, rest.get("$defs", {})


def _operation(bound: BoundCall, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    doc = inspect.getdoc(bound.call.action) or ""
    summary, _, rest = doc.partition("\n")
    operation: dict[str, Any] = {
        "operationId": bound.call.action.__name__,
        "summary": summary.rstrip("."),
        "parameters": [*map(_path_parameter, bound.path_names), *_query_parameters(bound.query)],
        "responses": {**_answer(bound, schemas), **_problems(bound)},
    }
    if rest.strip():
        operation["description"] = rest.strip()
    if bound.body is not None:
        optional = all(not one.is_required() for one in bound.body.model_fields.values())
        operation["requestBody"] = {
            "required": not optional,
            "content": {"application/json": {"schema": schemas[bound.body]}},
        }
    if bound.call.takes:
        content = {bound.call.takes: {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    if bound.call.public:
        operation["security"] = []
    return operation


def _answer(bound: BoundCall, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    if bound.call.status == 302:
        return {"302": {"description": "Where it is"}}
    if bound.answer is None:
        return {"204": {"description": "Done"}}
    if _is_json(bound):
        content = {"application/json": {"schema": schemas[bound.answer]}}
    elif bound.answer is Download:
        content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    else:
        content = {bound.answer: {"schema": {}}}
    return {str(bound.call.status): {"description": "Done", "content": content}}


def _is_json(bound: BoundCall) -> bool:
    return bound.answer is not None and bound.answer is not Download and not isinstance(bound.answer, str)


def _problems(bound: BoundCall) -> dict[str, Any]:
    codes = {"bad_request", "store_unavailable", *bound.call.raises}
    if not bound.call.public:
        codes |= {"not_logged_in", "forbidden"}
    if bound.path_names:
        codes.add("not_found")
    if bound.body is not None:
        codes |= {"too_large", "unsupported_media_type"}
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(STATUS_OF_CODE[code], []).append(code)
    content = {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}}
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {TITLES[code]}" for code in found),
            "content": content,
        }
        for status, found in sorted(by_status.items())
    }


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": PATH_VALUE_LIMIT}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": one}
        for name, one in schema.get("properties", {}).items()
    ]


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    field = {"type": "object", "properties": {"at": text, "message": text}, "required": ["at", "message"]}
    return {
        "type": "object",
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": sorted(TITLES)},
            "detail": text,
            "errors": {"type": "array", "items": field},
        },
        "required": ["type", "title", "status", "code", "detail"],
    }
