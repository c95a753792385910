"""Kamailio: calls from its accounting tables; suspension by a table that its routing script asks."""
