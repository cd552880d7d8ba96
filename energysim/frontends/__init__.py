"""Front ends: networks from other programs' models and files."""
