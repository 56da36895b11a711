//! The tokens, as Python's module `tokenize` gives them, and the nesting of f-strings and t-strings.

use crate::places::cell;
use crate::problem;
use crate::program::Program;
use crate::types::{GroupKind, TokenGroup, TokenRow, Tokens};
use taipan_tokenizer::{CharColumns, Token, TokenKind, Tokenizer, TokenizerOptions};

/// `tok_name[type]` knows operators as OP alone.
fn general(kind: TokenKind) -> TokenKind {
    if kind > TokenKind::Dedent && kind < TokenKind::Op {
        TokenKind::Op
    } else {
        kind
    }
}

/// Groups that are open.
#[derive(Default)]
struct Nesting {
    groups: Vec<TokenGroup>,
    /// Their indices, and for fields how many brackets are open within.
    open: Vec<(u32, u32)>,
}

impl Nesting {
    fn begin(&mut self, kind: GroupKind, first: u32) -> u32 {
        let index = self.groups.len() as u32;
        let parent = self.open.last().map(|(group, _)| *group);
        self.groups.push(TokenGroup {
            kind,
            first,
            last: first,
            parent,
        });
        self.open.push((index, 0));
        index
    }

    fn innermost(&self) -> Option<GroupKind> {
        let (group, _) = self.open.last()?;
        self.groups.get(*group as usize).map(|group| group.kind)
    }

    fn end(&mut self, last: u32) {
        if let Some((group, _)) = self.open.pop()
            && let Some(group) = self.groups.get_mut(group as usize)
        {
            group.last = last.max(group.first);
        }
    }

    /// Takes notice of a token; gives the group that it belongs to.
    fn token(&mut self, kind: TokenKind, index: u32) -> i32 {
        use TokenKind as K;
        match kind {
            K::FstringStart => return self.begin(GroupKind::Fstring, index) as i32,
            K::TstringStart => return self.begin(GroupKind::Tstring, index) as i32,
            _ => {}
        }
        let Some(innermost) = self.innermost() else {
            return -1;
        };
        let here = |nesting: &Nesting| nesting.open.last().map_or(-1, |(group, _)| *group as i32);
        let depth = self.open.last().map_or(0, |(_, depth)| *depth);
        let deepen = |nesting: &mut Nesting, by: i32| {
            if let Some((_, depth)) = nesting.open.last_mut() {
                *depth = depth.saturating_add_signed(by);
            }
        };
        match (innermost, kind) {
            (GroupKind::Field, K::Lpar | K::Lsqb | K::Lbrace) => deepen(self, 1),
            (GroupKind::Field, K::Rpar | K::Rsqb | K::Rbrace) if depth > 0 => deepen(self, -1),
            (GroupKind::Field, K::Rbrace) => {
                let group = here(self);
                self.end(index);
                return group;
            }
            (GroupKind::Field, K::Colon) if depth == 0 => {
                let group = here(self);
                self.begin(GroupKind::Format, index + 1);
                return group;
            }
            (GroupKind::Field, _) => {}
            (_, K::Lbrace) => return self.begin(GroupKind::Field, index) as i32,
            (GroupKind::Format, K::Rbrace) => {
                self.end(index.saturating_sub(1));
                let group = here(self);
                self.end(index);
                return group;
            }
            (_, K::FstringEnd | K::TstringEnd) => {
                let group = here(self);
                self.end(index);
                return group;
            }
            _ => {}
        }
        here(self)
    }
}

/// All tokens, up to the first that there cannot be.
pub(crate) fn tokens(program: &Program) -> Tokens {
    let text = program.text();
    let options = TokenizerOptions {
        extra_tokens: true,
        iterated: true,
        ..TokenizerOptions::default()
    };
    let mut tokenizer = Tokenizer::new(text, options);
    let mut tokens = Tokens {
        kinds: TokenKind::ALL.iter().map(|kind| kind.name()).collect(),
        rows: Default::default(),
        texts: vec![program.encoding().to_owned()],
        groups: Vec::new(),
        error: None,
    };
    let encoding = TokenKind::Encoding as i32;
    tokens.rows.push(&TokenRow {
        kind: encoding,
        exact: encoding,
        line: 0,
        column: 0,
        end_line: 0,
        end_column: 0,
        from: 0,
        to: 0,
        group: -1,
    });
    let unended = !text.is_empty() && !text.ends_with('\n');
    let mut columns = CharColumns::default();
    let mut nesting = Nesting::default();
    loop {
        let token = match tokenizer.next_token() {
            Ok(token) => token,
            Err(error) => {
                tokens.error = Some(problem::of_tokens(program, &error));
                break;
            }
        };
        let ended = tokenizer.done() == taipan_tokenizer::tokenizer::Done::Eof;
        let group = nesting.token(token.kind, tokens.texts.len() as u32);
        add(
            program,
            &mut tokens,
            &mut columns,
            &token,
            ended,
            unended,
            group,
        );
        if token.kind == TokenKind::Endmarker {
            break;
        }
    }
    let last = (tokens.texts.len() as u32).saturating_sub(1);
    while !nesting.open.is_empty() {
        nesting.end(last);
    }
    tokens.groups = nesting.groups;
    tokens
}

fn add(
    program: &Program,
    tokens: &mut Tokens,
    columns: &mut CharColumns,
    token: &Token,
    ended: bool,
    unended: bool,
    group: i32,
) {
    let text = program.text();
    let trailing = token.kind == TokenKind::Endmarker || (token.kind == TokenKind::Dedent && ended);
    let (column, end_column) = match trailing {
        true => (0, 0),
        false => columns.of_token(text, token),
    };
    let end = (token.end as usize).min(text.len());
    let mut string = text.get(token.start as usize..end).unwrap_or("");
    // The last line's newline is not there to be shown.
    if unended
        && matches!(token.kind, TokenKind::Newline | TokenKind::Nl)
        && token.end as usize >= text.len()
    {
        string = "";
    }
    tokens.rows.push(&TokenRow {
        kind: general(token.kind) as i32,
        exact: token.kind as i32,
        line: cell(token.lineno),
        column: column.cast_signed(),
        end_line: cell(token.end_lineno),
        end_column: end_column.cast_signed(),
        from: cell(program.places().of_byte(text, token.start)),
        to: cell(program.places().of_byte(text, token.end)),
        group,
    });
    tokens.texts.push(string.to_owned());
}

/// What `python -m tokenize -e` prints.
pub(crate) fn text(tokens: &Tokens) -> String {
    let mut out = String::new();
    for (row, string) in tokens.rows.rows().zip(&tokens.texts) {
        let [_, exact, line, column, end_line, end_column, ..] = *row else {
            continue;
        };
        let range = format!("{line},{column}-{end_line},{end_column}:");
        let name = tokens.kinds.get(exact as usize).copied().unwrap_or("");
        let mut shown = String::new();
        taipan_ast::repr::string(&mut shown, string.as_str().into());
        let width = shown.chars().count();
        out.push_str(&format!("{range:<20}{name:<15}{shown}"));
        // Padding to the column counts characters, as Python's does.
        out.extend(std::iter::repeat_n(' ', 15_usize.saturating_sub(width)));
        out.push('\n');
    }
    out
}
