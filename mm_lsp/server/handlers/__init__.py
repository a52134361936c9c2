"""One file a feature: guard, convert in, ask the core, carry, convert out."""
