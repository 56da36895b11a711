//! The operating system, behind one crate: files, environment, clock, processes, sockets, randomness.
//! Nothing else in the workspace calls `std::fs`, `std::env` or `libc`. wasm32 and sandboxes replace what is here.
