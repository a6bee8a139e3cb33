"""The JSON API, version 1: bearer tokens, one blueprint, one OpenAPI document."""

from __future__ import annotations

from web.api.blueprint import blueprint

__all__ = ["blueprint"]
