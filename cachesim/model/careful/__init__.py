"""The careful path: what a run is built from when a tier may fail or clients do not wait for ever."""
