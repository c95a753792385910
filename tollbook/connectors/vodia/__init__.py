"""Vodia PBX: tenants and their calls, over its REST interface or pushed by it."""
