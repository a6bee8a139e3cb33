"""Tests of training; they need the extra packages of `allears[model]`."""
