"""The one app of the simulated App Store, and the countries it is sold in."""

from __future__ import annotations

from flask import Blueprint

from listener.simulator.model import Post

routes = Blueprint("appstore", __name__, url_prefix="/appstore")
STORE = "appstore"
APP = "990000001"
VERSION = "4.2.0"
TERRITORIES = {"us": "USA", "gb": "GBR", "fr": "FRA", "ru": "RUS", "il": "ISR", "de": "DEU"}


def country_of(post: Post) -> str:
    """Return the country of the store a review was written in."""
    return post.place or "us"
