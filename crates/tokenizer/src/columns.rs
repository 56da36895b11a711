//! Columns in characters, which Python shows, from columns in bytes, which tokens have.

use crate::kind::TokenKind;
use crate::report::count_chars;
use crate::tokenizer::Token;

/// Converts columns of tokens that come in order. It remembers how far it has counted, so that a line takes time in
/// proportion to its length, however many tokens it has.
#[derive(Clone, Copy, Debug, Default)]
pub struct CharColumns {
    line_start: usize,
    offset: usize,
    column: u32,
}

impl CharColumns {
    /// The column in characters of byte `offset`, which is `byte_column` bytes into its line.
    pub fn column(&mut self, text: &str, offset: u32, byte_column: u32) -> u32 {
        let (offset, line_start) = (offset as usize, offset.saturating_sub(byte_column) as usize);
        if self.line_start != line_start || self.offset > offset {
            *self = CharColumns {
                line_start,
                offset: line_start,
                column: 0,
            };
        }
        // A newline that is only implied stands after the text.
        let end = offset.min(text.len());
        let implied = u32::try_from(offset - end).unwrap_or(0);
        let new = text
            .as_bytes()
            .get(self.offset.min(end)..end)
            .unwrap_or(&[]);
        self.column = self.column.saturating_add(count_chars(new));
        self.offset = end;
        self.column.saturating_add(implied)
    }

    /// The columns of a token's start and end.
    pub fn of_token(&mut self, text: &str, token: &Token) -> (u32, u32) {
        if token.col_offset == Token::NO_COLUMN {
            let end = self.column(text, token.end, token.end_col_offset);
            return (Token::NO_COLUMN, end);
        }
        let moved =
            matches!(token.kind, TokenKind::Endmarker | TokenKind::Dedent) && token.col_offset == 0;
        if moved {
            // At the end of input the `tokenize` module puts these on a line that the text does not have.
            return (0, 0);
        }
        let start = self.column(text, token.start, token.col_offset);
        (start, self.column(text, token.end, token.end_col_offset))
    }
}
