"""How one option of a channel is asked for: the channel's own model says type, default, secrecy and hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from listener.said import label, said

OF_MANY_LINES = ("private_key", "service_account")  # a key file is pasted whole


@dataclass(frozen=True, slots=True)
class Option:
    """One field of the form of a channel; `type` is text | switch | choice | lines."""

    name: str
    label: str
    required: bool
    secret: bool
    type: str = "text"
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""


def option_of(name: str, field: FieldInfo) -> Option:
    """Return the form field of one field of a channel's options model."""
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    secret = field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    return Option(
        name=name,
        label=said(label(name)),
        required=field.is_required(),
        secret=secret,
        type=_type(name, field, choices),
        default=""
        if secret or field.is_required()
        else _default(field.get_default(call_default_factory=True)),
        choices=tuple((str(one), str(one)) for one in choices),
        hint=said(field.description or ""),
    )


def _type(name: str, field: FieldInfo, choices: tuple[Any, ...]) -> str:
    if field.annotation is bool:
        return "switch"
    if choices:
        return "choice"
    return "lines" if name in OF_MANY_LINES else "text"


def _default(value: object) -> str:
    """Write a default as the form would send it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(part) for part in value)
    return str(value)
