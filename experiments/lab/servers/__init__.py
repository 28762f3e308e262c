"""An engine's server: started, waited for, watched, ended."""
