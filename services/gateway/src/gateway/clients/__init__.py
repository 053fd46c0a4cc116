"""The services as the gateway calls them: one module, one channel, one class a tier."""
