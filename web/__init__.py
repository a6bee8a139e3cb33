"""The room that shows: panel, API, command line. The composition root; may import every room."""
