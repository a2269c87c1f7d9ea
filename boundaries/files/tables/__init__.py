"""Tables that are no text: workbooks and DBF, as chunks of text cells."""
