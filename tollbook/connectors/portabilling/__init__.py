"""PortaBilling (PortaOne): its JSON/REST API."""
