"""Changed model files for the exporter: each run is one line of error or a package, in bounded time and memory."""
