//! Functions of module `builtins` that work on containers and iterators.
