"""The JSON of the REST contract: what requests may hold, and what answers look like in the OpenAPI document."""
