"""What all pages share: templates, words, scripts and styles from this machine."""
