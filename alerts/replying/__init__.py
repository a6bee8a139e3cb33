"""The outbox: a public reply from the first draft to its id on the platform. `alerts.reply` is its front door."""
