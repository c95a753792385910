"""Stand-ins for the platforms, for tests and for the demo.

They are written from what each vendor documents, import nothing of `tollbook` and share no code with it: a mistake
in our reading of a platform would otherwise be made twice and never seen.
"""
