"""The disk shell: only here are files."""
