"""Structures as the platform shows them, filled from our rows."""
