"""What runs inside the engine's own processes: tracer, wire tap, stage probes.

`path/` alone goes on the engine's PYTHONPATH, so that the engine finds `sitecustomize` there and no
other new top-level module. Everything here except `control` runs in the engine and imports only the
standard library. The driving side uses `control.Injection`.
"""
