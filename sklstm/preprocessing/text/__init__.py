"""Texts to token ids or vectors."""
