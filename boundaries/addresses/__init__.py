"""The gazetteer (地址库): addresses stored, and found again from words or a point."""
