"""The album store: albums and their images, which never change once stored."""
