"""The OpenAPI 3.1 document of API v1, written beside the routes; a test compares it with them."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}


def document(public_url: str) -> dict[str, Any]:
    """Return the whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "All Ears", "version": "1", "description": "Mentions, alerts and replies."},
        "servers": [{"url": f"{public_url.rstrip('/')}/api/v1"}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "responses": {
                "Problem": {
                    "description": "What went wrong and what to do.",
                    "content": {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    },
                }
            },
        },
    }


def _paths() -> dict[str, Any]:
    page = [_query("limit", WHOLE, "At most so many rows (500).")]
    days = [_query("days", WHOLE, "How many days back (7).")]
    filters = [
        _query(name, TEXT, "As in the inbox.")
        for name in (
            "state",
            "level",
            "brand",
            "channel",
            "language",
            "category",
            "assignee",
            "kind",
            "text",
            "sort",
        )
    ]
    reply = {
        "type": "object", "required": ["text"],
        "properties": {"text": TEXT, "undo_seconds": {"type": "integer", "minimum": 0, "maximum": 60}},
    }  # fmt: skip
    intake = {
        "type": "object", "required": ["brand", "channel", "items"],
        "properties": {"brand": TEXT, "channel": TEXT, "items": {"type": "array", "items": {"type": "object"}}},
    }  # fmt: skip
    return {
        "/mentions": {
            "get": _get(
                "List mentions", "Mentions", [*page, _query("after", WHOLE, "Only ids above this one.")]
            ),
            "post": _post("Add mentions from elsewhere", intake, 200, "Report"),
        },
        "/mentions/{mention_id}/reply": {
            "parameters": [_in_path("mention_id")],
            "post": _post("Answer a mention", reply, 202, "Reply"),
        },
        "/alerts": {
            "get": _get(
                "List alerts", "Alerts", [*page, *filters, _query("cursor", TEXT, "`next` of a page.")]
            )
        },
        "/alerts/{alert_id}": {
            "parameters": [_in_path("alert_id")],
            "get": _get("Show an alert", "Alert", []),
        },
        "/alerts/{alert_id}/reply": {
            "parameters": [_in_path("alert_id")],
            "post": _post("Answer an alert", reply, 202, "Reply"),
        },
        "/sources": {"get": _get("List sources with their health", "List", [])},
        "/coverage": {"get": _get("What was seen and missed", "List", days)},
        "/kpi": {"get": _get("Figures of the service", "Kpi", days)},
        "/openapi.json": {
            "get": {
                "summary": "This document",
                "security": [],
                "responses": {"200": {"description": "OpenAPI 3.1"}},
            }
        },
    }


def _schemas() -> dict[str, Any]:
    mention = {
        "id": WHOLE, "external_id": TEXT, "channel": TEXT, "author": {"type": ["string", "null"]}, "text": TEXT,
        "url": {"type": ["string", "null"]}, "posted_at": {"type": "string", "format": "date-time"},
        "language": {"type": ["string", "null"]}, "stage": TEXT, "reply_mode": TEXT, "category": TEXT,
        "sentiment": {"type": "object"}, "urgency": {"type": "object"}, "needs_reply": {"type": "boolean"},
    }  # fmt: skip
    alert = {
        "id": WHOLE, "state": {"enum": ["open", "answered", "closed"]}, "kind": {"enum": ["alert", "watch"]},
        "level": {"type": "integer", "minimum": 0, "maximum": 3}, "brand": TEXT, "channel": TEXT,
        "assignee": {"type": ["string", "null"]}, "due_at": {"type": ["string", "null"], "format": "date-time"},
        "reply_mode": {"enum": ["api", "link", "none"]}, "mention": {"type": "object"},
        "replies": {"type": "array", "items": {"$ref": "#/components/schemas/Reply"}},
    }  # fmt: skip
    reply = {
        "id": WHOLE, "state": TEXT, "text": TEXT, "by": {"type": ["string", "null"]},
        "external_id": {"type": ["string", "null"]}, "url": {"type": ["string", "null"]},
        "sent_at": {"type": ["string", "null"], "format": "date-time"},
        "pending": {"type": "boolean", "description": "The platform has it and does not show it yet."},
    }  # fmt: skip
    report = {
        "read": WHOLE,
        "new": WHOLE,
        "updated": WHOLE,
        "duplicate": WHOLE,
        "rejected": {"type": "array"},
    }
    return {
        "Mention": {"type": "object", "properties": mention},
        "Alert": {"type": "object", "properties": alert},
        "Reply": {"type": "object", "properties": reply},
        "Report": {"type": "object", "properties": report},
        "Kpi": {"type": "object"},
        "List": {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object"}}}},
        "Mentions": _list_of("Mention"),
        "Alerts": _list_of("Alert"),
        "Problem": {"type": "object", "properties": {"title": TEXT, "status": WHOLE, "detail": TEXT}},
    }


def _list_of(name: str) -> dict[str, Any]:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    return {"type": "object", "properties": {"items": items, "next": {"type": ["string", "integer", "null"]}}}


def _get(summary: str, schema: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"summary": summary, "parameters": parameters, "responses": _responses(200, schema)}


def _post(summary: str, body: dict[str, Any], status: int, schema: str) -> dict[str, Any]:
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": TEXT}
    return {
        "summary": summary,
        "parameters": [key],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": _responses(status, schema),
    }


def _responses(status: int, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        str(status): {"description": "Done.", "content": content},
        "default": {"$ref": "#/components/responses/Problem"},
    }


def _query(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": text}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": WHOLE}
