"""The one app of the simulated Google Play."""

from __future__ import annotations

from flask import Blueprint

routes = Blueprint("googleplay", __name__, url_prefix="/play")
PLAY = "googleplay"
PACKAGE = "com.example.brand"
VERSION = "4.2.0"
EMAIL = "reviews@play.example.test"
