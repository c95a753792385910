"""How a message gets out of the house: by mail or to a webhook. No database here."""
