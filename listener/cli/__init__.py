"""The listener's part of the command line: brands, sources, accounts, collecting, importing, coverage.

Only argument handling and printing; `app` (made by the web room) has .db, .ground and .settings.
"""

from __future__ import annotations

from listener.cli.accounts import account
from listener.cli.brands import brand
from listener.cli.channels import channel
from listener.cli.collecting import collect, coverage
from listener.cli.importing import import_
from listener.cli.previewing import previewed
from listener.cli.sources import source

source.add_command(previewed)

__all__ = ["account", "brand", "channel", "collect", "coverage", "import_", "source"]
