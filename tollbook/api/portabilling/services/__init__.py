"""The services: importing this package serves every method."""
