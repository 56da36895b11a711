//! The texts of the errors in which no name stands, or one.

pub const IMPORT_STAR: &str = "import * only allowed at module level";
pub const FUTURE_LATE: &str = "from __future__ imports must occur at the beginning of the file";
pub const NONLOCAL_AT_MODULE: &str = "nonlocal declaration not allowed at module level";
pub const NO_FUNCTION_TYPE: &str = "this compiler does not handle FunctionTypes";
pub const AWAIT_OUTSIDE_FUNCTION: &str = "'await' outside function";
pub const AWAIT_OUTSIDE_ASYNC: &str = "'await' outside async function";
pub const ASYNC_FOR_OUTSIDE: &str = "'async for' outside async function";
pub const ASYNC_WITH_OUTSIDE: &str = "'async with' outside async function";
pub const ASYNC_COMPREHENSION_OUTSIDE: &str =
    "asynchronous comprehension outside of an asynchronous function";
pub const NAMED_EXPR_IN_ITERABLE: &str =
    "assignment expression cannot be used in a comprehension iterable expression";
/// What a named expression in a comprehension may not be used in stands after this.
pub const NAMED_EXPR_IN_COMPREHENSION: &str =
    "assignment expression within a comprehension cannot be used";
