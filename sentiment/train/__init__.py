"""Builds a model: vocabulary, network, tasks, the run itself and the heads on top.

Imports torch; nothing outside this folder may import from here at module level.
"""
