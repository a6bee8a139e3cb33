"""A channel's options as people give them (`key=value`), checked by the channel's model and split by where they live.

No database. A field marked `{"of": "source"}` says what is listened to; every other one belongs to the account.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import SecretStr, ValidationError

from listener.channels import channel_type
from listener.channels.base import Options, Secrets
from listener.errors import ListenerError


class SourceError(ListenerError):
    """A source or an account that cannot be added, found or used; the text says what to do."""


def parse_options(kind: str, settings: Mapping[str, str]) -> Options:
    """Validate `key=value` settings by the channel's model. Raises SourceError that names the key."""
    return revalidate(kind, {}, settings)


def revalidate(kind: str, before: Mapping[str, Any], settings: Mapping[str, str]) -> Options:
    """Validate stored options with some of them replaced by `key=value` settings. Raises SourceError."""
    try:
        model = channel_type(kind).options_type
    except KeyError as error:
        raise SourceError(str(error.args[0])) from None
    known = model.model_fields
    for key in settings:
        if key not in known:
            message = f"{kind} has no option {key!r}; it has: {', '.join(sorted(known)) or 'none'}"
            raise SourceError(message)
    try:
        return model.model_validate(
            {**before, **{key: _value(known[key].annotation, value) for key, value in settings.items()}}
        )
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or kind}: {_plain(item['msg'])}"
            for item in error.errors()
        )
        message = f"{kind} options: {problems}"
        raise SourceError(message) from None


def _plain(message: str) -> str:
    """Say of a hidden text what pydantic says of a list: it counts the items of what it may not show."""
    return message.replace(" items after validation", " characters").replace("Value error, ", "")


def split(options: Options) -> tuple[dict[str, Any], dict[str, Any], Secrets]:
    """Return (the account's options, the source's options, the secrets) of a validated model, without unset ones."""
    account: dict[str, Any] = {}
    source: dict[str, Any] = {}
    hidden: Secrets = {}
    plain = options.model_dump(mode="json", exclude_unset=True)
    for name, field in type(options).model_fields.items():
        value = getattr(options, name)
        if name not in plain or value is None:
            continue
        extra = field.json_schema_extra
        if isinstance(value, SecretStr):
            hidden[name] = value.get_secret_value()
        elif isinstance(extra, dict) and extra.get("of") == "source":
            source[name] = plain[name]
        else:
            account[name] = plain[name]
    return account, source, hidden


def _value(annotation: Any, text: str) -> Any:
    """Turn the text of `--set key=a,b` into a list where the option is one; everything else stays text."""
    return [part.strip() for part in text.split(",") if part.strip()] if _is_list(annotation) else text


def _is_list(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType}:
        return any(_is_list(part) for part in get_args(annotation))
    return origin in {list, tuple, set, frozenset}
