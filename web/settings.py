"""All settings in one tree: the rooms' sections, read from `allears.toml`, a secrets folder and the environment.

An unknown key, in the file or as an `ALLEARS_*` variable, is an error that names it and the nearest known one.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from alerts.settings import AlertSettings, MailSettings
from listener.settings import (
    DatabaseSettings,
    ListenerSettings,
    LogSettings,
    NetworkSettings,
    QueueSettings,
    SettingsError,
    find_home,
)
from sentiment.settings import SentimentSettings

PREFIX = "ALLEARS_"
# read before the settings (home) or only by tests; everything else must be a known key
OUTSIDE = frozenset({"ALLEARS_HOME", "ALLEARS_FIXTURES", "ALLEARS_SECRETS_DIR"})
OUTSIDE_PREFIXES = ("ALLEARS_TEST_", "ALLEARS_BENCH_")


class Settings(BaseSettings):
    """The whole tree. `home` and `file` say where it came from and are not keys."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    public_url: str = Field("http://127.0.0.1:8765", description="how people reach the panel; used in mails")
    trusted_proxies: int = Field(0, ge=0, description="how many reverse proxies stand in front")
    secret_key_file: Path | None = Field(
        None, description="keys of sessions and sealed secrets, newest first"
    )
    database: DatabaseSettings = DatabaseSettings()
    queue: QueueSettings = QueueSettings()
    network: NetworkSettings = NetworkSettings()
    listener: ListenerSettings = ListenerSettings()
    log: LogSettings = LogSettings()
    sentiment: SentimentSettings = SentimentSettings()
    alerts: AlertSettings = AlertSettings()
    mail: MailSettings = MailSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the secrets folder, then the file (handed over as init values)."""
        del dotenv_settings
        folder = os.environ.get("ALLEARS_SECRETS_DIR")
        secrets = SecretsSettingsSource(settings_cls, secrets_dir=folder) if folder else file_secret_settings
        return env_settings, secrets, init_settings


class Loaded(BaseModel):
    """Settings with the folder they belong to."""

    model_config = ConfigDict(frozen=True)

    home: Path
    file: Path | None
    values: Settings

    @property
    def database_url(self) -> str:
        """The configured URL, or a SQLite file in `home`."""
        return self.values.database.url or f"sqlite:///{self.home / 'allears.db'}"

    @property
    def key_file(self) -> Path:
        """Where the keys are."""
        return self.values.secret_key_file or self.home / "secret.key"


def load(start: Path | None = None) -> Loaded:
    """Read the settings that hold in folder `start` (default: here). Raises SettingsError naming every bad key."""
    home, file = find_home(os.environ, start)
    given: dict[str, Any] = {}
    if file is not None:
        try:
            given = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            message = f"cannot read {file}: {error}"
            raise SettingsError(message) from error
    _refuse_unknown_variables(os.environ)
    try:
        values = Settings(**given)
    except ValidationError as error:
        raise SettingsError(_explain(error, file)) from error
    return Loaded(home=home, file=file, values=values)


def known(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield every key as `section.key`."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from known(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    variables = {PREFIX + key.upper().replace(".", "__") for key in known()}
    sections = {PREFIX + key.split(".")[0].upper() for key in known() if "." in key}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in OUTSIDE or name.startswith(OUTSIDE_PREFIXES):
            continue
        if name in variables | sections or any(
            name.startswith(f"{variable}__") for variable in variables if "BY_CHANNEL" in variable
        ):
            continue
        near = difflib.get_close_matches(name, variables, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        message = f"unknown environment variable {name}{hint} (docs/settings.md lists all)"
        raise SettingsError(message)


def _explain(error: ValidationError, file: Path | None) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, list(known()), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            lines.append(f"unknown setting {key}{hint}")
        else:
            lines.append(f"setting {key}: {problem['msg']}")
    where = f" (from {file} or the environment)" if file else " (from the environment)"
    return "; ".join(lines) + where
