"""The mesh as local processes. It knows the services only by their commands and their environment."""
