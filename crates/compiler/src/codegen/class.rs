//! Class definitions.

use taipan_ast::{Expr, ExprContext, Keyword, Stmt, TypeParam};
use taipan_bytecode::Constant;
use taipan_bytecode::opcode::{CompilerOpcode as Op, Intrinsic1};

use super::unit::{ArgCounts, ScopeType};
use super::{Compiler, Res};
use crate::instruction_sequence::SourceLocation;
use taipan_symtable::ScopeKey;

/// The parts of a `ClassDef`.
#[derive(Clone, Copy)]
pub(crate) struct ClassDef<'a> {
    pub name: &'a str,
    pub bases: &'a [Expr<'a>],
    pub keywords: &'a [Keyword<'a>],
    pub body: &'a [Stmt<'a>],
    pub decorator_list: &'a [Expr<'a>],
    pub type_params: &'a [TypeParam<'a>],
}

/// The hidden variable that carries the tuple of type parameters into the class.
const TYPE_PARAMS: &str = ".type_params";
/// The hidden variable that holds the `Generic[...]` base that type parameters imply.
const GENERIC_BASE: &str = ".generic_base";

impl<'a> Compiler<'a> {
    pub(crate) fn class(&mut self, s: &'a Stmt<'a>, def: &ClassDef<'a>) -> Res {
        let loc = self.loc(s.loc);
        self.visit_exprs(def.decorator_list)?;
        let first_line = def
            .decorator_list
            .first()
            .map_or(s.loc.lineno, |decorator| decorator.loc.lineno);
        if def.type_params.is_empty() {
            self.class_body(s, def, first_line)?;
            self.call_helper(loc, 2, def.bases, None, def.keywords)?;
        } else {
            let name = self.generic_parameters_name(def.name);
            let key = self.lookup_scope(ScopeKey::type_params(s))?;
            let counts = ArgCounts::default();
            self.enter_scope(
                name,
                ScopeType::Annotations,
                key,
                first_line,
                Some(def.name),
                counts,
            )?;
            self.type_params(def.type_params)?;
            self.nameop(loc, TYPE_PARAMS, ExprContext::Store)?;
            self.class_body(s, def, first_line)?;
            self.nameop(loc, TYPE_PARAMS, ExprContext::Load)?;
            self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::SubscriptGeneric as u32);
            self.nameop(loc, GENERIC_BASE, ExprContext::Store)?;
            self.call_helper(loc, 2, def.bases, Some(GENERIC_BASE), def.keywords)?;
            let code = self.finish_scope(false)?;
            self.make_closure(loc, &code, 0)?;
            self.addop(loc, Op::PushNull);
            self.addop_i(loc, Op::Call, 0);
        }
        self.apply_decorators(def.decorator_list);
        self.nameop(loc, def.name, ExprContext::Store)
    }

    /// Compiles the body into a function and pushes what `__build_class__` is called with first: itself, the function
    /// and the class's name.
    fn class_body(&mut self, s: &'a Stmt<'a>, def: &ClassDef<'a>, first_line: u32) -> Res {
        let none = SourceLocation::NONE;
        let counts = ArgCounts::default();
        let id = self.lookup_scope(ScopeKey::block(s))?;
        self.enter_scope(
            def.name,
            ScopeType::Class,
            id,
            first_line,
            Some(def.name),
            counts,
        )?;
        let loc = SourceLocation::new(first_line as i32, first_line as i32, 0, 0);
        self.nameop(loc, "__name__", ExprContext::Load)?;
        self.nameop(loc, "__module__", ExprContext::Store)?;
        // The same string as `co_qualname`, which is interned.
        let qualname = Constant::name(self.unit().qualname);
        self.load_const(loc, qualname);
        self.nameop(loc, "__qualname__", ExprContext::Store)?;
        self.load_int(loc, i64::from(first_line));
        self.nameop(loc, "__firstlineno__", ExprContext::Store)?;
        if !def.type_params.is_empty() {
            self.nameop(loc, TYPE_PARAMS, ExprContext::Load)?;
            self.nameop(loc, "__type_params__", ExprContext::Store)?;
        }
        let needs_classdict = self.unit().ste.needs_classdict;
        if needs_classdict {
            self.addop(loc, Op::LoadLocals);
            // In a class, a name is not stored into its cell by the usual rules.
            self.addop_cellvar(loc, Op::StoreDeref, "__classdict__");
        }
        if self.unit().ste.has_conditional_annotations {
            self.addop_i(loc, Op::BuildSet, 0);
            self.addop_cellvar(loc, Op::StoreDeref, "__conditional_annotations__");
        }
        self.body(loc, def.body, false)?;

        let static_attributes = std::mem::take(&mut self.unit_mut().static_attributes);
        self.load_const_names(none, static_attributes.into_iter());
        self.nameop(none, "__static_attributes__", ExprContext::Store)?;
        if needs_classdict {
            self.addop_cellvar(none, Op::LoadClosure, "__classdict__");
            self.nameop(none, "__classdictcell__", ExprContext::Store)?;
        }
        if self.unit().ste.needs_class_closure {
            // `__build_class__` fills the cell that the body returns.
            self.addop_cellvar(none, Op::LoadClosure, "__class__");
            self.addop_i(none, Op::Copy, 1);
            self.nameop(none, "__classcell__", ExprContext::Store)?;
        } else {
            self.load_none(none);
        }
        self.addop(none, Op::ReturnValue);
        let code = self.finish_scope(true)?;

        let loc = self.loc(s.loc);
        self.addop(loc, Op::LoadBuildClass);
        self.addop(loc, Op::PushNull);
        self.make_closure(loc, &code, 0)?;
        self.load_str(loc, def.name);
        Ok(())
    }
}
