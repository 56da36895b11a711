//! Struct sequences: tuples whose items have names too, as `os.stat_result`.
