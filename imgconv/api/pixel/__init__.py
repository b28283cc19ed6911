"""The arithmetic of one output pixel, for `imgconv explain`: `cells` what stands under a window, `arithmetic` the exact
sums, `explanation` the two beside what the engine gives. How that is printed stands in `cli/explain/`."""
