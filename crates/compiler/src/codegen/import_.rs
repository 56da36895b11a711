//! Import statements.

use taipan_ast::{Alias, ExprContext};
use taipan_bytecode::opcode::{CompilerOpcode as Op, Intrinsic1};

use super::{Compiler, Res};
use crate::instruction_sequence::SourceLocation;

impl<'a> Compiler<'a> {
    pub(crate) fn import(&mut self, loc: SourceLocation, names: &'a [Alias<'a>]) -> Res {
        for alias in names {
            self.load_int(loc, 0);
            self.load_none(loc);
            self.addop_name(loc, Op::ImportName, alias.name);
            match alias.asname {
                Some(asname) => self.import_as(loc, alias.name, asname)?,
                None => {
                    let top = alias
                        .name
                        .split_once('.')
                        .map_or(alias.name, |(top, _)| top);
                    self.nameop(loc, top, ExprContext::Store)?;
                }
            }
        }
        Ok(())
    }

    /// Binds the innermost module of the dotted `name`, whose outermost is on the stack.
    fn import_as(&mut self, loc: SourceLocation, name: &'a str, asname: &'a str) -> Res {
        let mut inner = name.split('.').skip(1).peekable();
        if inner.peek().is_none() {
            return self.nameop(loc, asname, ExprContext::Store);
        }
        while let Some(attr) = inner.next() {
            self.addop_name_unmangled(loc, Op::ImportFrom, attr);
            if inner.peek().is_some() {
                self.addop_i(loc, Op::Swap, 2);
                self.addop(loc, Op::PopTop);
            }
        }
        self.nameop(loc, asname, ExprContext::Store)?;
        self.addop(loc, Op::PopTop);
        Ok(())
    }

    pub(crate) fn import_from(
        &mut self,
        loc: SourceLocation,
        module: Option<&'a str>,
        names: &'a [Alias<'a>],
        level: Option<i32>,
    ) -> Res {
        self.load_int(loc, i64::from(level.unwrap_or(0)));
        self.load_const_names(loc, names.iter().map(|alias| alias.name));
        self.addop_name(loc, Op::ImportName, module.unwrap_or_default());
        for (i, alias) in names.iter().enumerate() {
            if i == 0 && alias.name.starts_with('*') {
                self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::ImportStar as u32);
                self.addop(SourceLocation::NONE, Op::PopTop);
                return Ok(());
            }
            self.addop_name(loc, Op::ImportFrom, alias.name);
            self.nameop(loc, alias.asname.unwrap_or(alias.name), ExprContext::Store)?;
        }
        self.addop(loc, Op::PopTop);
        Ok(())
    }
}
