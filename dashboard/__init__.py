"""Looks at results and never trains. The one folder that imports dash."""
