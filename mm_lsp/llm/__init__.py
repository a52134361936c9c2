"""The model shell: only here is HTTP."""
