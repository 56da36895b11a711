//! Reading `spec/python.gram`: from its text to rules, alternatives and items. The notation is described at its top.

use std::collections::HashMap;

/// A whole grammar.
pub struct Grammar {
    /// The rules in the order of the file.
    pub rules: Vec<Rule>,
    /// The place of each rule in `rules`.
    pub by_name: HashMap<String, usize>,
}

/// One rule.
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The type of its value; `()` if it has none.
    pub ty: String,
    /// Whether results are kept by position.
    pub memo: bool,
    /// The function that stands in for the rule in the quick pass.
    pub fast: Option<String>,
    /// The alternatives, in order.
    pub alternatives: Vec<Alternative>,
}

/// One alternative of a rule or group.
#[derive(Debug)]
pub struct Alternative {
    /// What must match, in order.
    pub items: Vec<Item>,
    /// What the value is made with.
    pub action: Option<Action>,
}

/// The value of an alternative.
#[derive(Debug)]
pub enum Action {
    /// A Rust expression.
    Value(String),
    /// A Rust expression of type `Option`.
    Try(String),
    /// Raises an error: where, the message's format, its arguments.
    Error(String, String, String),
}

/// One thing to match, perhaps with a name for its value.
#[derive(Debug)]
pub struct Item {
    /// The binding.
    pub name: Option<String>,
    /// What to match.
    pub expression: Expression,
}

/// What an item can be.
#[derive(Debug)]
pub enum Expression {
    /// A keyword or operator.
    Literal(String),
    /// A soft keyword.
    Soft(String),
    /// `NAME` and the like.
    Token(String),
    /// Another rule.
    Rule(String),
    /// Alternatives in brackets, and the type of their value if it is stated.
    Group(Vec<Alternative>, Option<String>),
    /// `e?`
    Optional(Box<Expression>),
    /// `e*`, or with `true` `e+`
    Repeat(Box<Expression>, bool),
    /// `e % sep`
    Separated(Box<Expression>, Box<Expression>),
    /// `&e`, or with `false` `!e`
    Lookahead(Box<Expression>, bool),
    /// `~`
    Cut,
    /// `&&'x'`
    Forced(String),
}

/// Reads a grammar.
pub fn read(text: &str) -> Result<Grammar, String> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut pending: Vec<(usize, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            if let Some(rest) = trimmed.strip_prefix('|') {
                pending.push((number + 1, rest.to_owned()));
            } else if let Some(last) = pending.last_mut() {
                last.1.push(' ');
                last.1.push_str(trimmed);
            }
        } else {
            finish(&mut rules, &mut pending)?;
            rules.push(header(trimmed).map_err(|e| format!("line {}: {e}", number + 1))?);
        }
    }
    finish(&mut rules, &mut pending)?;
    let by_name = rules
        .iter()
        .enumerate()
        .map(|(i, r)| (r.name.clone(), i))
        .collect();
    Ok(Grammar { rules, by_name })
}

fn header(line: &str) -> Result<Rule, String> {
    let (line, flags) = match line.split_once('[') {
        Some((line, flags)) => (line.trim(), flags.trim_end_matches(']')),
        None => (line, ""),
    };
    let (name, ty) = match line.split_once(':') {
        Some((name, ty)) => (name.trim(), ty.trim()),
        None => (line, "()"),
    };
    let mut rule = Rule {
        name: name.to_owned(),
        ty: ty.to_owned(),
        memo: false,
        fast: None,
        alternatives: Vec::new(),
    };
    for flag in flags.split(',').map(str::trim).filter(|f| !f.is_empty()) {
        match flag.split_once('=') {
            None if flag == "memo" => rule.memo = true,
            Some(("fast", function)) => rule.fast = Some(function.to_owned()),
            _ => return Err(format!("unknown flag {flag}")),
        }
    }
    Ok(rule)
}

fn finish(rules: &mut [Rule], pending: &mut Vec<(usize, String)>) -> Result<(), String> {
    for (line, text) in pending.drain(..) {
        let rule = rules
            .last_mut()
            .ok_or("an alternative before the first rule")?;
        let mut reader = Reader { rest: &text };
        let alternative = reader
            .alternative()
            .map_err(|e| format!("line {line}: {e}"))?;
        if !reader.rest.trim().is_empty() {
            return Err(format!("line {line}: cannot read {:?}", reader.rest));
        }
        rule.alternatives.push(alternative);
    }
    Ok(())
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, prefix: &str) -> bool {
        self.space();
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, prefix: &str) -> Result<(), String> {
        if self.eat(prefix) {
            Ok(())
        } else {
            Err(format!("expected {prefix} at {:?}", self.rest))
        }
    }

    fn word(&mut self) -> &'t str {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let end = self.rest.find(quote).ok_or("a quote is missing")?;
        let text = self.rest[..end].to_owned();
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }

    fn alternatives(&mut self) -> Result<Vec<Alternative>, String> {
        let mut all = vec![self.alternative()?];
        while self.eat("|") {
            all.push(self.alternative()?);
        }
        Ok(all)
    }

    fn alternative(&mut self) -> Result<Alternative, String> {
        let mut items = Vec::new();
        loop {
            self.space();
            if self.rest.is_empty()
                || self.rest.starts_with([')', '|'])
                || self.rest.starts_with("=>")
            {
                break;
            }
            items.push(self.item()?);
        }
        let action = if self.eat("=>?") {
            Some(Action::Try(self.rust()?))
        } else if self.eat("=>") {
            Some(shorthand(&self.rust()?)?)
        } else {
            None
        };
        Ok(Alternative { items, action })
    }

    /// Rust text up to the end of the alternative: a `|` or a closing bracket outside of all brackets and strings.
    fn rust(&mut self) -> Result<String, String> {
        let mut depth = 0;
        let mut string = false;
        let mut previous = ' ';
        for (i, c) in self.rest.char_indices() {
            match c {
                '"' if previous != '\\' => string = !string,
                _ if string => {}
                '(' | '[' | '{' => depth += 1,
                ')' | '|' if depth == 0 => {
                    let text = self.rest[..i].trim().to_owned();
                    self.rest = &self.rest[i..];
                    return Ok(text);
                }
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            previous = c;
        }
        let text = self.rest.trim().to_owned();
        self.rest = "";
        Ok(text)
    }

    fn item(&mut self) -> Result<Item, String> {
        self.space();
        let saved = self.rest;
        let word = self.word();
        let name = if !word.is_empty() && self.rest.starts_with(':') {
            self.rest = &self.rest[1..];
            Some(word.to_owned())
        } else {
            self.rest = saved;
            None
        };
        Ok(Item {
            name,
            expression: self.expression()?,
        })
    }

    fn expression(&mut self) -> Result<Expression, String> {
        if self.eat("&&'") {
            return Ok(Expression::Forced(self.quoted('\'')?));
        }
        if self.eat("&") {
            return Ok(Expression::Lookahead(Box::new(self.atom()?), true));
        }
        if self.eat("!") {
            return Ok(Expression::Lookahead(Box::new(self.atom()?), false));
        }
        if self.eat("~") {
            return Ok(Expression::Cut);
        }
        let atom = self.atom()?;
        let atom = match self.rest.chars().next() {
            Some('?') => Expression::Optional(Box::new(atom)),
            Some('*') => Expression::Repeat(Box::new(atom), false),
            Some('+') => Expression::Repeat(Box::new(atom), true),
            _ => {
                return if self.eat("%") {
                    Ok(Expression::Separated(
                        Box::new(atom),
                        Box::new(self.atom()?),
                    ))
                } else {
                    Ok(atom)
                };
            }
        };
        self.rest = &self.rest[1..];
        Ok(atom)
    }

    fn atom(&mut self) -> Result<Expression, String> {
        self.space();
        if self.eat("'") {
            return Ok(Expression::Literal(self.quoted('\'')?));
        }
        if self.eat("\"") {
            return Ok(Expression::Soft(self.quoted('"')?));
        }
        let mut ty = None;
        if self.eat("<") {
            ty = Some(self.quoted('>')?);
        }
        if self.eat("(") {
            let alternatives = self.alternatives()?;
            self.expect(")")?;
            return Ok(simplify(alternatives, ty));
        }
        let word = self.word();
        if word.is_empty() {
            return Err(format!("an item is missing at {:?}", self.rest));
        }
        let token = word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        Ok(if token {
            Expression::Token(word.to_owned())
        } else {
            Expression::Rule(word.to_owned())
        })
    }
}

/// Brackets around one unnamed item are only for reading.
fn simplify(mut alternatives: Vec<Alternative>, ty: Option<String>) -> Expression {
    if let [
        Alternative {
            items,
            action: None,
        },
    ] = alternatives.as_mut_slice()
        && let [
            Item {
                name: None,
                expression,
            },
        ] = items.as_mut_slice()
    {
        return std::mem::replace(expression, Expression::Cut);
    }
    Expression::Group(alternatives, ty)
}

fn shorthand(text: &str) -> Result<Action, String> {
    if let Some(rest) = text.strip_prefix("error ") {
        let quote = rest.find('"').ok_or("an error without a message")?;
        let place = rest[..quote].trim().to_owned();
        let mut end = quote + 1;
        let bytes = rest.as_bytes();
        while bytes.get(end).is_some_and(|b| *b != b'"') {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let message = rest[quote..=end].to_owned();
        return Ok(Action::Error(
            place,
            message,
            rest[end + 1..].trim().to_owned(),
        ));
    }
    for (prefix, node) in [
        ("expr ", "expr"),
        ("stmt ", "stmt"),
        ("pattern ", "pattern"),
        ("typeparam ", "typeparam"),
    ] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return Ok(Action::Value(format!("@{node} {rest}")));
        }
    }
    Ok(Action::Value(text.to_owned()))
}
