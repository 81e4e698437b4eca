"""The nouns, ports, errors and the runtime on which every other room stands."""
