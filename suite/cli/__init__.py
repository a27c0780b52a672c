"""The commands of ``bakeoff``, by what they are for; ``suite/cli/main.py`` lists them.
A command parses, calls and prints.

Whatever takes long to import is imported by the command that needs it, so that
``--help`` answers at once.
"""
