//! Terminals and their numbers, and the FIRST sets: which tokens can begin what a rule matches.
//!
//! A token's prediction number is its kind, except that keywords have numbers of their own and that soft keywords have
//! one beside the kind NAME, so that a set of 128 bits tells them all apart.

use std::collections::{BTreeSet, HashMap};

use super::syntax::{Alternative, Expression, Grammar, Item};

const FIRST_KEYWORD: u32 = 70;
const FIRST_SOFT_KEYWORD: u32 = 120;

/// The terminals of a grammar.
pub struct Terminals {
    /// Token names and operators, with number and the name of the constant.
    known: HashMap<String, (u32, String)>,
    /// The keywords in alphabetical order; numbers follow the order.
    pub keywords: Vec<String>,
    /// The soft keywords in alphabetical order.
    pub soft: Vec<String>,
}

impl Terminals {
    /// Collects the keywords of a grammar; `tokens` is the text of `spec/tokens.txt`.
    pub fn new(grammar: &Grammar, tokens: &str) -> Result<Terminals, String> {
        let mut known = HashMap::new();
        for line in tokens
            .lines()
            .filter(|l| !l.starts_with('#') && !l.trim().is_empty() && !l.starts_with("CONST"))
        {
            let mut words = line.split_whitespace();
            let number = words
                .next()
                .and_then(|w| w.parse().ok())
                .ok_or("a token without a number")?;
            let name = words.next().ok_or("a token without a name")?;
            if let Some(text) = words.next() {
                known.insert(text.to_owned(), (number, name.to_owned()));
            }
            known.insert(name.to_owned(), (number, name.to_owned()));
        }
        let mut keywords = BTreeSet::new();
        let mut soft = BTreeSet::new();
        for rule in &grammar.rules {
            for alternative in &rule.alternatives {
                collect(alternative, &mut keywords, &mut soft);
            }
        }
        Ok(Terminals {
            known,
            keywords: keywords.into_iter().collect(),
            soft: soft.into_iter().collect(),
        })
    }

    /// The number of a keyword, operator or token name.
    pub fn number(&self, text: &str) -> Result<u32, String> {
        if let Ok(i) = self.keywords.binary_search_by(|k| k.as_str().cmp(text)) {
            return Ok(FIRST_KEYWORD + i as u32);
        }
        self.known
            .get(text)
            .map(|(n, _)| *n)
            .ok_or_else(|| format!("unknown token {text}"))
    }

    /// The name of the constant for a keyword, operator or token name.
    pub fn constant(&self, text: &str) -> Result<String, String> {
        if self.keywords.iter().any(|k| k == text) {
            return Ok(format!("KW_{}", text.to_uppercase()));
        }
        self.known
            .get(text)
            .map(|(_, c)| c.clone())
            .ok_or_else(|| format!("unknown token {text}"))
    }

    /// Every constant that the grammar could name, in order of number.
    pub fn constants(&self) -> Vec<(String, u32)> {
        let mut all: Vec<(String, u32)> =
            self.known.values().map(|(n, c)| (c.clone(), *n)).collect();
        all.extend(
            self.keywords
                .iter()
                .zip(FIRST_KEYWORD..)
                .map(|(k, n)| (format!("KW_{}", k.to_uppercase()), n)),
        );
        all.extend(
            self.soft
                .iter()
                .map(|s| (self.soft_constant(s), self.soft_number(s))),
        );
        all.sort_by_key(|(_, n)| *n);
        all.dedup();
        all
    }

    /// The prediction number of a soft keyword.
    pub fn soft_number(&self, text: &str) -> u32 {
        FIRST_SOFT_KEYWORD + self.soft.iter().position(|s| s == text).unwrap_or(0) as u32
    }

    /// The name of a soft keyword's constant.
    pub fn soft_constant(&self, text: &str) -> String {
        format!(
            "SOFT_{}",
            if text == "_" {
                "UNDERSCORE".to_owned()
            } else {
                text.to_uppercase()
            }
        )
    }

    /// The prediction numbers that a token stands for.
    fn token_set(&self, name: &str) -> Result<u128, String> {
        let all_soft = self
            .soft
            .iter()
            .fold(0, |set, s| set | 1 << self.soft_number(s));
        Ok(match name {
            "NAME" | "ID" | "NAME_TOKEN" => 1 << self.number("NAME")? | all_soft,
            "SOFT_KEYWORD" => all_soft,
            _ => 1 << self.number(name)?,
        })
    }
}

fn collect(
    alternative: &Alternative,
    keywords: &mut BTreeSet<String>,
    soft: &mut BTreeSet<String>,
) {
    fn expression(e: &Expression, keywords: &mut BTreeSet<String>, soft: &mut BTreeSet<String>) {
        match e {
            Expression::Literal(text) if text.chars().all(char::is_alphabetic) => {
                keywords.insert(text.clone());
            }
            Expression::Soft(text) => {
                soft.insert(text.clone());
            }
            Expression::Group(alternatives, _) => {
                alternatives.iter().for_each(|a| collect(a, keywords, soft))
            }
            Expression::Optional(e) | Expression::Repeat(e, _) | Expression::Lookahead(e, _) => {
                expression(e, keywords, soft)
            }
            Expression::Separated(e, s) => {
                expression(e, keywords, soft);
                expression(s, keywords, soft);
            }
            _ => {}
        }
    }
    alternative
        .items
        .iter()
        .for_each(|i| expression(&i.expression, keywords, soft));
}

/// What can begin, and whether nothing can be matched.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Start {
    /// The prediction numbers.
    pub set: u128,
    /// Whether it matches without a token.
    pub nullable: bool,
}

/// The FIRST sets of a grammar's rules.
pub struct First<'g> {
    grammar: &'g Grammar,
    tokens: &'g Terminals,
    rules: Vec<Start>,
}

impl<'g> First<'g> {
    /// Computes them as the smallest solution.
    pub fn new(grammar: &'g Grammar, tokens: &'g Terminals) -> Result<First<'g>, String> {
        let mut first = First {
            grammar,
            tokens,
            rules: vec![Start::default(); grammar.rules.len()],
        };
        loop {
            let mut changed = false;
            for (i, rule) in grammar.rules.iter().enumerate() {
                let start = first.alternatives(&rule.alternatives)?;
                changed |= first.rules[i] != start;
                first.rules[i] = start;
            }
            if !changed {
                return Ok(first);
            }
        }
    }

    /// Of one of several alternatives.
    pub fn alternatives(&self, alternatives: &[Alternative]) -> Result<Start, String> {
        let mut all = Start::default();
        for alternative in alternatives {
            let start = self.items(&alternative.items)?;
            all.set |= start.set;
            all.nullable |= start.nullable;
        }
        Ok(all)
    }

    /// Of items in order.
    pub fn items(&self, items: &[Item]) -> Result<Start, String> {
        let mut set = 0;
        let mut allowed = u128::MAX;
        for item in items {
            if let Expression::Lookahead(e, positive) = &item.expression {
                if let Some(tokens) = self.tokens_only(e)? {
                    allowed &= if *positive { tokens } else { !tokens };
                }
                continue;
            }
            let start = self.expression(&item.expression)?;
            set |= start.set & allowed;
            if !start.nullable {
                return Ok(Start {
                    set,
                    nullable: false,
                });
            }
        }
        Ok(Start {
            set,
            nullable: true,
        })
    }

    /// Of one expression.
    pub fn expression(&self, e: &Expression) -> Result<Start, String> {
        Ok(match e {
            Expression::Literal(text) | Expression::Forced(text) => Start {
                set: 1 << self.tokens.number(text)?,
                nullable: matches!(e, Expression::Forced(_)),
            },
            Expression::Soft(text) => Start {
                set: 1 << self.tokens.soft_number(text),
                nullable: false,
            },
            Expression::Token(name) => Start {
                set: self.tokens.token_set(name)?,
                nullable: false,
            },
            Expression::Rule(name) => {
                let index = self
                    .grammar
                    .by_name
                    .get(name)
                    .ok_or_else(|| format!("no rule {name}"))?;
                self.rules[*index]
            }
            Expression::Group(alternatives, _) => self.alternatives(alternatives)?,
            Expression::Optional(e) | Expression::Repeat(e, false) => Start {
                nullable: true,
                ..self.expression(e)?
            },
            Expression::Repeat(e, true) | Expression::Separated(e, _) => self.expression(e)?,
            Expression::Lookahead(..) | Expression::Cut => Start {
                set: 0,
                nullable: true,
            },
        })
    }

    /// The set of an expression that is one of several single tokens, `None` for any other.
    pub fn tokens_only(&self, e: &Expression) -> Result<Option<u128>, String> {
        Ok(match e {
            Expression::Literal(_) | Expression::Soft(_) | Expression::Token(_) => {
                Some(self.expression(e)?.set)
            }
            Expression::Rule(name) if name == "t_lookahead" => Some(self.expression(e)?.set),
            Expression::Group(alternatives, _) => {
                let mut all = 0;
                for alternative in alternatives {
                    let [Item { expression, .. }] = alternative.items.as_slice() else {
                        return Ok(None);
                    };
                    let Some(set) = self.tokens_only(expression)? else {
                        return Ok(None);
                    };
                    all |= set;
                }
                Some(all)
            }
            _ => None,
        })
    }
}
