"""The REST contract, one module for each noun: read the request, ask a service, show its answer."""
