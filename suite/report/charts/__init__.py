"""The charts of report and dashboard: one specification, two renderers.

``build`` makes a specification (``spec``) from verdicts and frames. ``svg`` draws it
for the report; ``dashboard.figures`` turns it into plotly figures.
"""
