//! The emission of single instructions and of the short sequences that many constructs share.

use std::rc::Rc;

use taipan_ast::{Constant as AstConstant, ExprContext};
use taipan_bytecode::opcode::{CompilerOpcode as Op, Intrinsic1};
use taipan_bytecode::{CodeObject, Constant};
use taipan_symtable::{BlockType, NameScope};
use taipan_wtf8::Wtf8;

use super::constants;
use super::oparg;
use super::unit::Table;
use super::{Compiler, Res};
use crate::instruction_sequence::{InstructionSequence, Label, SourceLocation};

/// Where the variable that a name stands for is kept.
enum Storage {
    Deref,
    Fast,
    Global,
    Name,
}

impl<'a> Compiler<'a> {
    fn seq(&mut self) -> &mut InstructionSequence {
        &mut self.unit_mut().sequence
    }

    pub(crate) fn new_label(&mut self) -> Label {
        self.seq().new_label()
    }

    pub(crate) fn use_label(&mut self, label: Label) {
        self.seq().use_label(label);
    }

    pub(crate) fn addop(&mut self, loc: SourceLocation, op: Op) {
        self.seq().emit(op, 0, loc);
    }

    pub(crate) fn addop_i(&mut self, loc: SourceLocation, op: Op, arg: u32) {
        self.seq().emit(op, arg, loc);
    }

    /// An instruction whose operand is a count.
    pub(crate) fn addop_n(&mut self, loc: SourceLocation, op: Op, count: usize) {
        // A count of nodes of the tree; a source of 4 GB does not get this far.
        self.addop_i(loc, op, u32::try_from(count).unwrap_or(u32::MAX));
    }

    pub(crate) fn addop_jump(&mut self, loc: SourceLocation, op: Op, target: Label) {
        self.seq().emit_jump(op, target, loc);
    }

    /// Puts a handler around all of the unit's code.
    pub(crate) fn insert_setup_cleanup_at_start(&mut self, handler: Label) {
        self.seq()
            .insert_jump(0, Op::SetupCleanup, handler, SourceLocation::NONE);
    }

    // Names that are not variables: attributes, modules.

    fn name_index(&mut self, name: &'a str) -> u32 {
        let name = self.maybe_mangle(name);
        self.unit_mut().names.add(name)
    }

    pub(crate) fn addop_name(&mut self, loc: SourceLocation, op: Op, name: &'a str) {
        let index = self.name_index(name);
        self.addop_i(loc, op, index);
    }

    pub(crate) fn addop_name_unmangled(&mut self, loc: SourceLocation, op: Op, name: &'a str) {
        let index = self.unit_mut().names.add(name);
        self.addop_i(loc, op, index);
    }

    pub(crate) fn load_attr(&mut self, loc: SourceLocation, attr: &'a str) {
        let index = self.name_index(attr);
        self.addop_i(loc, Op::LoadAttr, index << 1);
    }

    pub(crate) fn load_method(&mut self, loc: SourceLocation, attr: &'a str) {
        let index = self.name_index(attr);
        self.addop_i(loc, Op::LoadAttr, index << 1 | 1);
    }

    pub(crate) fn load_super_attr(
        &mut self,
        loc: SourceLocation,
        attr: &'a str,
        zero_args: bool,
        method: bool,
    ) {
        let index = self.name_index(attr);
        let arg = index << 2 | u32::from(!zero_args) << 1 | u32::from(method);
        self.addop_i(loc, Op::LoadSuperAttr, arg);
    }

    // Variables by their table, whatever the rules for names say.

    pub(crate) fn addop_varname(&mut self, loc: SourceLocation, op: Op, name: &'a str) {
        let name = self.maybe_mangle(name);
        let index = self.unit_mut().varnames.add(name);
        self.addop_i(loc, op, index);
    }

    pub(crate) fn addop_cellvar(&mut self, loc: SourceLocation, op: Op, name: &'a str) {
        let name = self.maybe_mangle(name);
        let index = self.unit_mut().cellvars.add(name);
        self.addop_i(loc, op, index);
    }

    pub(crate) fn addop_freevar(&mut self, loc: SourceLocation, op: Op, name: &'a str) {
        let name = self.maybe_mangle(name);
        let index = self.unit_mut().freevars.add(name);
        self.addop_i(loc, op, index);
    }

    /// Loads, stores or deletes the variable that `name` means here.
    pub(crate) fn nameop(&mut self, loc: SourceLocation, name: &'a str, ctx: ExprContext) -> Res {
        let mangled = self.maybe_mangle(name);
        let unit = self.unit_mut();
        let (symbol, number) = unit.numbered_symbol(mangled);
        let scope = NameScope::of(symbol);
        let function_like = unit.ste.is_function_like();
        let in_class = unit.ste.block_type == BlockType::Class;
        let inlined = unit.inlined_comprehensions > 0;
        let sees_class = unit.ste.can_see_class_scope;
        let (storage, table) = match scope {
            Some(NameScope::Free) => (Storage::Deref, Table::Freevars),
            Some(NameScope::Cell) => (Storage::Deref, Table::Cellvars),
            Some(NameScope::Local)
                if function_like || unit.fast_hidden.get(mangled) == Some(&true) =>
            {
                (Storage::Fast, Table::Varnames)
            }
            Some(NameScope::GlobalImplicit) if function_like => (Storage::Global, Table::Names),
            Some(NameScope::GlobalExplicit) => (Storage::Global, Table::Names),
            _ => (Storage::Name, Table::Names),
        };
        let index = unit.index_in(table, mangled, number);
        let op = match (storage, ctx) {
            (Storage::Deref, ExprContext::Load) => {
                if in_class && !inlined {
                    self.addop(loc, Op::LoadLocals);
                    Op::LoadFromDictOrDeref
                } else if sees_class {
                    self.load_classdict(loc);
                    Op::LoadFromDictOrDeref
                } else {
                    Op::LoadDeref
                }
            }
            (Storage::Deref, ExprContext::Store) => Op::StoreDeref,
            (Storage::Deref, ExprContext::Del) => Op::DeleteDeref,
            (Storage::Fast, ExprContext::Load) => Op::LoadFast,
            (Storage::Fast, ExprContext::Store) => Op::StoreFast,
            (Storage::Fast, ExprContext::Del) => Op::DeleteFast,
            (Storage::Global, ExprContext::Load) => {
                if sees_class && scope == Some(NameScope::GlobalImplicit) {
                    self.load_classdict(loc);
                    Op::LoadFromDictOrGlobals
                } else {
                    Op::LoadGlobal
                }
            }
            (Storage::Global, ExprContext::Store) => Op::StoreGlobal,
            (Storage::Global, ExprContext::Del) => Op::DeleteGlobal,
            (Storage::Name, ExprContext::Load) if in_class && inlined => Op::LoadGlobal,
            (Storage::Name, ExprContext::Load) => Op::LoadName,
            (Storage::Name, ExprContext::Store) => Op::StoreName,
            (Storage::Name, ExprContext::Del) => Op::DeleteName,
        };
        // The low bit of LOAD_GLOBAL's operand asks for a NULL, which the optimizer may put in.
        let arg = if op == Op::LoadGlobal {
            index << 1
        } else {
            index
        };
        self.addop_i(loc, op, arg);
        Ok(())
    }

    fn load_classdict(&mut self, loc: SourceLocation) {
        let index = self.unit_mut().freevars.add("__classdict__");
        self.addop_i(loc, Op::LoadDeref, index);
    }

    // Constants.

    pub(crate) fn load_const(&mut self, loc: SourceLocation, value: Constant) {
        let index = self.add_const(value);
        self.addop_i(loc, Op::LoadConst, index);
    }

    pub(crate) fn add_const(&mut self, value: Constant) -> u32 {
        let merged = self.const_cache.merge(value);
        self.unit_mut().consts.add(merged)
    }

    fn load_merged(&mut self, loc: SourceLocation, value: Constant) {
        let index = self.unit_mut().consts.add(value);
        self.addop_i(loc, Op::LoadConst, index);
    }

    pub(crate) fn load_none(&mut self, loc: SourceLocation) {
        self.load_merged(loc, Constant::None);
    }

    pub(crate) fn load_bool(&mut self, loc: SourceLocation, value: bool) {
        self.load_merged(loc, Constant::bool(value));
    }

    pub(crate) fn load_int(&mut self, loc: SourceLocation, value: i64) {
        let value = self.const_cache.merge_int(value);
        self.load_merged(loc, value);
    }

    pub(crate) fn load_size(&mut self, loc: SourceLocation, value: usize) {
        self.load_const(loc, Constant::int(value));
    }

    pub(crate) fn load_str(&mut self, loc: SourceLocation, value: &str) {
        self.load_wtf8(loc, Wtf8::new(value));
    }

    pub(crate) fn load_wtf8(&mut self, loc: SourceLocation, value: &Wtf8) {
        let value = self.const_cache.merge_text(value);
        self.load_merged(loc, value);
    }

    pub(crate) fn load_ast_const(&mut self, loc: SourceLocation, value: &AstConstant<'_>) -> Res {
        match *value {
            AstConstant::Str(text) => self.load_wtf8(loc, text),
            AstConstant::Int(value) => self.load_int(loc, value),
            _ => self.load_const(loc, constants::from_ast(value)?),
        }
        Ok(())
    }

    /// Pushes a tuple of names.
    pub(crate) fn load_const_names<'n>(
        &mut self,
        loc: SourceLocation,
        names: impl Iterator<Item = &'n str>,
    ) {
        self.load_const(loc, Constant::tuple(names.map(Constant::name).collect()));
    }

    /// Pushes `(1,)`, the default of the parameter of a function that evaluates lazily: the format VALUE.
    pub(crate) fn load_tuple_of_one(&mut self, loc: SourceLocation) {
        self.load_const(loc, Constant::tuple(vec![Constant::int(1)]));
    }

    pub(crate) fn load_const_slice(
        &mut self,
        loc: SourceLocation,
        start: &AstConstant<'_>,
        stop: &AstConstant<'_>,
        step: &AstConstant<'_>,
    ) -> Res {
        let parts = [
            constants::from_ast(start)?,
            constants::from_ast(stop)?,
            constants::from_ast(step)?,
        ];
        self.load_const(loc, Constant::Slice(Rc::new(parts)));
        Ok(())
    }

    pub(crate) fn load_code(&mut self, loc: SourceLocation, code: &Rc<CodeObject>) {
        self.load_const(loc, Constant::Code(Rc::clone(code)));
    }

    // Sequences.

    pub(crate) fn addop_yield(&mut self, loc: SourceLocation) {
        let ste = self.unit().ste;
        if ste.generator && ste.coroutine {
            self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::AsyncGenWrap as u32);
        }
        self.addop_i(loc, Op::YieldValue, 0);
        self.addop_i(loc, Op::Resume, oparg::RESUME_AFTER_YIELD);
    }

    /// Awaits the value on top of the stack. `context` tells the runtime what for: 1 and 2 are an `async with`'s
    /// `__aenter__` and `__aexit__`.
    pub(crate) fn add_await(&mut self, loc: SourceLocation, context: u32) {
        self.addop_i(loc, Op::GetAwaitable, context);
        self.load_none(loc);
        self.add_yield_from(loc, true);
    }

    /// Delegates to the iterator beneath the value on top of the stack, which is sent first.
    pub(crate) fn add_yield_from(&mut self, loc: SourceLocation, is_await: bool) {
        let send = self.new_label();
        let fail = self.new_label();
        let exit = self.new_label();
        self.use_label(send);
        self.addop_jump(loc, Op::Send, exit);
        // YIELD_VALUE raises only what `close` or `throw` threw in.
        self.addop_jump(loc, Op::SetupFinally, fail);
        self.addop_i(loc, Op::YieldValue, 1);
        self.addop(SourceLocation::NONE, Op::PopBlock);
        let resume = if is_await {
            oparg::RESUME_AFTER_AWAIT
        } else {
            oparg::RESUME_AFTER_YIELD_FROM
        };
        self.addop_i(loc, Op::Resume, resume);
        self.addop_jump(loc, Op::JumpNoInterrupt, send);
        self.use_label(fail);
        self.addop(loc, Op::CleanupThrow);
        self.use_label(exit);
        self.addop(loc, Op::EndSend);
    }

    pub(crate) fn pop_except_and_reraise(&mut self, loc: SourceLocation) {
        self.addop_i(loc, Op::Copy, 3);
        self.addop(loc, Op::PopExcept);
        self.addop_i(loc, Op::Reraise, 1);
    }

    // The code of a module's annotations goes elsewhere than that of its statements.

    pub(crate) fn start_annotation_setup(&mut self) {
        let unit = self.unit_mut();
        unit.stashed_sequence = Some(std::mem::take(&mut unit.sequence));
    }

    pub(crate) fn end_annotation_setup(&mut self) {
        let unit = self.unit_mut();
        if let Some(stashed) = unit.stashed_sequence.take() {
            let annotations = std::mem::replace(&mut unit.sequence, stashed);
            unit.sequence.set_annotations_code(annotations);
        }
    }
}
