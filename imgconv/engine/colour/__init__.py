"""What a pipeline's numbers are for colours: how alpha takes part, which channels do, and in what light."""
