"""YAML files and the environment become typed settings here; every complaint names file, line and setting."""
