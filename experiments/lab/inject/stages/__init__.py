"""How long named functions of an engine took, on the CPU and on the GPU."""
