"""Shows results; never trains. The only package that imports dash."""
