"""The core: plain functions over values. No loop, no clock, no disk, no network, no LSP."""
