//! The control-flow graph of a code unit, and what is optimized on it.
