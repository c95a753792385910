"""Tollbook: from the platforms that carry calls to the bill a customer pays."""
