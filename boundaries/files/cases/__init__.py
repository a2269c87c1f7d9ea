"""Tables of complaints from files: each good row a case, each bad one in the rejects file."""
