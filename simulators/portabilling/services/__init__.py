"""The services of the API: a module each, with its methods by name."""
