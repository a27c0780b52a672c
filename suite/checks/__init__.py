"""Is a task sound, is a machine ready?"""
