"""Publishing: a plan becomes an edition, and going back to a former one."""
