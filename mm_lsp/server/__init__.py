"""The LSP shell: only here is LSP."""
