"""Somebody's file is looked at, and a domain is written for it: the needs analysis in one command."""
