"""Steps on arrays: filters, poolings, activations, edges; alpha, colour, light; bands, memory, final rounding."""
