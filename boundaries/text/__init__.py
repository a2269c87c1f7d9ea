"""Text as people have it: encodings, delimited rows, and cells that are safe to open in a spreadsheet."""
