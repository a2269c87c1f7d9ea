"""Signing in through a provider of OpenID Connect: what it is asked, and what of its answers is believed."""
