//! The first pass over patterns.

use taipan_ast::{ExprContext, Pattern, PatternKind};

use crate::builder::{Builder, Result, check_name};
use crate::flags::DEF_LOCAL;

impl<'a> Builder<'a> {
    pub fn pattern(&mut self, node: &'a Pattern<'a>) -> Result {
        self.options.limit.check()?;
        match node.kind {
            PatternKind::MatchValue { value } => self.expr(value),
            PatternKind::MatchSingleton { .. } => Ok(()),
            PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
                self.patterns(patterns)
            }
            PatternKind::MatchStar { name } => self.capture(name, node),
            PatternKind::MatchMapping {
                keys,
                patterns,
                rest,
            } => {
                self.exprs(keys)?;
                self.patterns(patterns)?;
                self.capture(rest, node)
            }
            PatternKind::MatchClass {
                cls,
                patterns,
                kwd_attrs,
                kwd_patterns,
            } => {
                self.expr(cls)?;
                self.patterns(patterns)?;
                for (name, pattern) in kwd_attrs.iter().zip(kwd_patterns) {
                    check_name(name, pattern.loc, ExprContext::Store)?;
                }
                self.patterns(kwd_patterns)
            }
            PatternKind::MatchAs { pattern, name } => {
                if let Some(pattern) = pattern {
                    self.pattern(pattern)?;
                }
                self.capture(name, node)
            }
        }
    }

    fn patterns(&mut self, nodes: &'a [Pattern<'a>]) -> Result {
        nodes.iter().try_for_each(|node| self.pattern(node))
    }

    fn capture(&mut self, name: Option<&'a str>, node: &'a Pattern<'a>) -> Result {
        name.map_or(Ok(()), |name| self.add_def(name, DEF_LOCAL, node.loc))
    }
}
