"""One file per measured goal; each has `measure(bench)`, which returns figures."""
