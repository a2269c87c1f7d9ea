"""Who asks: the gate before every route, signing in and out, accounts and the audit as pages."""
