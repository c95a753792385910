"""FusionPBX by its database, or by the REST API of FS PBX, which shares that database."""
