"""Every diagnostic that the user reads: one function a code, one page a code.

E0xx text, E1xx names and arguments, E2xx shapes, W3xx what is unused, E9xx files and commands.
"""
