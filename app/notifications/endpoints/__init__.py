"""Where events are posted to: addresses, filters, secrets."""
