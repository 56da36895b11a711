//! Errors and warnings as they are shown: the attributes of the exception, the place in the source, and the text that
//! Python prints, carets included.

use crate::program::Program;
use crate::types::{Problem, Span};
use crate::typos::{self, Typo};
use taipan_ast::CompileError;
use taipan_parser::ParseError;
use taipan_tokenizer::{SyntaxError, SyntaxWarning, WarningCategory};

/// What columns of an error count.
#[derive(Clone, Copy, PartialEq)]
enum Columns {
    Characters,
    /// As CPython's compiler has it, the bytes of UTF-8.
    Bytes,
}

/// A line of the source with its newline, if there is one.
fn line_of(program: &Program, line: u32) -> Option<String> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let line = program.text().split_inclusive('\n').nth(index)?;
    Some(line.to_owned())
}

/// `offset` and `end_offset` as Python has them.
fn attribute(offset: Option<u32>) -> Option<i32> {
    offset.map(|offset| match offset {
        SyntaxError::MINUS_ONE => -1,
        offset => i32::try_from(offset).unwrap_or(i32::MAX),
    })
}

fn span(program: &Program, error: &SyntaxError, columns: Columns) -> Option<Span> {
    if error.lineno == 0 {
        return None;
    }
    let places = program.places();
    let text = program.text();
    let place = |line: u32, offset: u32| {
        let column = offset.saturating_sub(1);
        match columns {
            Columns::Characters => places.of_characters(text, line, column),
            Columns::Bytes => places.of_column(text, line, column),
        }
    };
    let known = |offset: &Option<u32>| offset.filter(|n| *n != 0 && *n != SyntaxError::MINUS_ONE);
    let from = place(error.lineno, known(&error.offset)?);
    let to = match (error.end_lineno, known(&error.end_offset)) {
        (Some(line), Some(offset)) => place(line, offset),
        _ => from,
    };
    // Something must be there to be seen.
    let to = to.max(from.saturating_add(1).min(places.length()));
    Some((from.min(to), to))
}

fn of_syntax(program: &Program, error: &SyntaxError, columns: Columns) -> Problem {
    let mut problem = Problem {
        class: error.kind.name().to_owned(),
        message: error.msg.clone(),
        line: attribute(Some(error.lineno)),
        offset: attribute(error.offset),
        end_line: attribute(error.end_lineno),
        end_offset: attribute(error.end_offset),
        text: error.text.clone(),
        span: span(program, error, columns),
        formatted: String::new(),
    };
    problem.formatted = formatted(&problem, &program.options().filename, None);
    problem
}

/// What the tokenizer finds wrong while it gives tokens to a program.
pub(crate) fn of_tokens(program: &Program, error: &SyntaxError) -> Problem {
    of_syntax(program, error, Columns::Characters)
}

/// What is wrong with how the source is encoded.
pub(crate) fn of_source(program: &Program, error: &SyntaxError) -> Problem {
    of_syntax(program, error, Columns::Characters)
}

/// An exception that has no place.
pub(crate) fn plain(class: &str, message: &str) -> Problem {
    Problem {
        class: class.to_owned(),
        message: message.to_owned(),
        line: None,
        offset: None,
        end_line: None,
        end_offset: None,
        text: None,
        span: None,
        formatted: match message {
            "" => format!("{class}\n"),
            message => format!("{class}: {message}\n"),
        },
    }
}

/// What the parser finds wrong.
pub(crate) fn of_parser(program: &Program, error: ParseError) -> Problem {
    match error {
        ParseError::Syntax(mut error) => {
            if error.in_program
                && program.is_file()
                && let Some(line) = line_of(program, error.lineno)
            {
                show_line(&mut error, line);
            }
            let mut problem = of_syntax(program, &error, Columns::Characters);
            if let Some(typo) = typos::find(program.text(), &error, program.stack()) {
                let filename = &program.options().filename;
                problem.formatted = formatted(&problem, filename, Some(typo));
            }
            problem
        }
        ParseError::Value(message) => plain("ValueError", &message),
        ParseError::Unicode(error) => plain("UnicodeDecodeError", &error.to_string()),
        ParseError::TooDeep => plain("MemoryError", ParseError::TOO_DEEP),
    }
}

/// Puts a program's line into an error, whose columns end with that line then.
fn show_line(error: &mut SyntaxError, line: String) {
    let after = u32::try_from(line.chars().count() + 1).unwrap_or(u32::MAX);
    let clip = |column: &mut Option<u32>| {
        if let Some(column) = column.as_mut().filter(|c| **c != SyntaxError::MINUS_ONE) {
            *column = after.min(*column);
        }
    };
    clip(&mut error.offset);
    if error.end_lineno == Some(error.lineno) {
        clip(&mut error.end_offset);
    }
    error.text = Some(line);
}

/// What the stages behind the parser find wrong.
pub(crate) fn of_tree(program: &Program, error: CompileError) -> Problem {
    match error {
        CompileError::Syntax(mut error) => {
            if error.text.is_none() && program.is_file() {
                error.text = line_of(program, error.lineno);
            }
            of_syntax(program, &error, Columns::Bytes)
        }
        CompileError::TooDeep => plain(
            "RecursionError",
            "maximum recursion depth exceeded during compilation",
        ),
        CompileError::Runtime(message) => plain("RuntimeError", message),
    }
}

/// What the compiler finds wrong.
pub(crate) fn of_compiler(program: &Program, error: taipan_compiler::Error) -> Problem {
    use taipan_compiler::Error;
    use taipan_compiler::assemble::AssembleError;
    match error {
        Error::Tree(error) => of_tree(program, error),
        Error::Assemble(AssembleError::System(message)) => plain("SystemError", message),
        Error::System(message) => plain("SystemError", &message),
        Error::Assemble(AssembleError::Value(message)) => plain("ValueError", message),
        Error::Assemble(AssembleError::Overflow(message)) => plain("OverflowError", message),
    }
}

/// A warning, as it is shown on standard error.
pub(crate) fn of_warning(program: &Program, warning: &SyntaxWarning) -> Problem {
    let class = match warning.category {
        WarningCategory::SyntaxWarning => "SyntaxWarning",
        WarningCategory::DeprecationWarning => "DeprecationWarning",
    };
    let line = line_of(program, warning.lineno);
    let mut formatted = format!(
        "{}:{}: {class}: {}\n",
        program.options().filename,
        warning.lineno,
        warning.msg
    );
    if let Some(line) = line
        .as_deref()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        formatted.push_str(&format!("  {line}\n"));
    }
    let mut problem = of_syntax(program, &warning.as_error, Columns::Characters);
    problem.class = class.to_owned();
    problem.message.clone_from(&warning.msg);
    problem.line = attribute(Some(warning.lineno));
    problem.text = line;
    problem.formatted = formatted;
    problem
}

/// What `traceback` makes of a SyntaxError, and of the misspelt keyword in it.
fn formatted(problem: &Problem, filename: &str, typo: Option<Typo>) -> String {
    let filename = if filename.is_empty() {
        "<string>"
    } else {
        filename
    };
    let line = problem.line.unwrap_or(0);
    let mut out = format!("  File \"{filename}\", line {line}\n");
    let message = match (&typo, problem.message.as_str()) {
        (Some(typo), _) => &format!("invalid syntax. Did you mean '{}'?", typo.keyword),
        (None, "") => "<no detail available>",
        (None, message) => message,
    };
    match (typo, &problem.text) {
        (Some(typo), Some(_)) => {
            let (start, end) = typo.columns;
            let columns = (attribute(Some(start)), attribute(Some(end)));
            carets(columns, true, &typo.line, &mut out);
        }
        (_, Some(text)) => {
            let columns = (problem.offset, problem.end_offset);
            carets(columns, problem.line == problem.end_line, text, &mut out);
        }
        (_, None) => {}
    }
    out.push_str(&format!("{}: {message}\n", problem.class));
    out
}

/// The line of the source, and under it what is wrong.
fn carets((start, end): (Option<i32>, Option<i32>), one_line: bool, text: &str, out: &mut String) {
    let whole = text.trim_end_matches('\n');
    let shown = whole.trim_start_matches([' ', '\n', '\u{c}']);
    let count = |text: &str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let (length, spaces) = (count(whole), count(whole) - count(shown));
    out.push_str(&format!("    {shown}\n"));
    let Some(mut start) = start.map(i64::from) else {
        return;
    };
    let mut end = match end {
        _ if !one_line => length + 1,
        Some(end) if end != 0 => i64::from(end),
        _ => start,
    };
    if !text.is_empty() {
        let beyond = count(text);
        if start > beyond {
            start = length + 1;
        }
        if end > beyond {
            end = length + 1;
        }
    }
    if start >= end || end < 0 {
        end = start + 1;
    }
    let (first, last) = (start - 1 - spaces, end - 1 - spaces);
    let Ok(first) = usize::try_from(first) else {
        return;
    };
    out.push_str("    ");
    // Tabs are kept, so that the carets stand under what they mean.
    out.extend(shown.chars().take(first).map(|c| match c {
        c if c.is_whitespace() => c,
        _ => ' ',
    }));
    let carets = usize::try_from(last).unwrap_or(0).saturating_sub(first);
    out.push_str(&"^".repeat(carets));
    out.push('\n');
}
