"""What a channel needs to work, gathered once per process and passed on; no logic."""

from __future__ import annotations

from dataclasses import dataclass

from listener.http import Http
from listener.settings import ListenerSettings
from listener.vault import Vault


@dataclass(frozen=True, slots=True)
class Ground:
    """The guarded way out, the keys that seal secrets, and the settings of this room."""

    http: Http
    vault: Vault
    settings: ListenerSettings
