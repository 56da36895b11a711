//! What `compile()` calls for trees.

use taipan_ast::reflect::{Family, Node, NodeKind, NodeRef};
use taipan_ast::validate::ValidateError;
use taipan_ast::{
    Arena, Mod, PreprocessOptions, Spots, StackLimit, future_features, preprocess, validate,
};
use taipan_object::{PyResult, Raised, Ref, Str, Value, Vm};
use taipan_parser::Mode;
use taipan_vm::code::new_code;
use taipan_vm::compile::{
    Options, cf, compile_tree, parse_error, parse_options, show_warnings, stack_limit, tree_error,
};

use super::classes;
use super::from_object::Reader;
use super::to_object;

/// Whether an object is a tree.
pub(crate) fn is_ast(vm: &Vm, v: &Value) -> PyResult<bool> {
    vm.is_instance(v, classes::get(vm)?.ast.as_value())
}

fn invalid(vm: &Vm, e: ValidateError) -> Raised {
    match e {
        ValidateError::Value(m) => vm.value_error(&m),
        ValidateError::Type(m) => vm.type_error(&m),
        ValidateError::TooDeep => {
            vm.recursion_error("maximum recursion depth exceeded during compilation")
        }
    }
}

/// What is done to a tree that `compile()` gives back.
fn preprocessed<'a>(
    vm: &Vm,
    arena: &'a Arena,
    tree: &'a Mod<'a>,
    filename: &Ref<Str>,
    o: &Options,
) -> PyResult<&'a Mod<'a>> {
    let future = future_features(tree).map_err(|e| tree_error(vm, e.bare(), filename))?;
    let options = PreprocessOptions {
        optimize: o.optimize,
        features: (o.flags & cf::MASK) | future.features,
        syntax_check_only: o.flags & cf::OPTIMIZED_AST == cf::ONLY_AST,
        warnings: false,
        limit: StackLimit::at(stack_limit(vm)),
    };
    let mut warnings = Vec::new();
    let result = preprocess(arena, tree, options, &mut warnings);
    show_warnings(vm, &mut warnings, filename, o)?;
    result.map_err(|e| tree_error(vm, e, filename))
}

/// Compiles a tree, or gives it back.
pub(super) fn compile_ast(vm: &Vm, v: &Value, filename: &Ref<Str>, o: &Options) -> PyResult {
    if o.flags & cf::OPTIMIZED_AST == cf::ONLY_AST {
        check_kind(vm, v, o.mode)?;
        return Ok(v.clone());
    }
    let arena = Arena::new();
    let tree = read_tree(vm, &arena, v, o.mode)?;
    if o.flags & cf::ONLY_AST != 0 {
        let tree = preprocessed(vm, &arena, tree, filename, o)?;
        return to_object::tree(vm, &*classes::get(vm)?, NodeRef::Mod(tree));
    }
    let (code, _) = compile_tree(vm, &arena, tree, &Spots::Anywhere, filename, o, Vec::new())?;
    Ok(new_code(vm, code)?.into_value())
}

/// Refuses a node that is not of the kind that the mode wants.
fn check_kind(vm: &Vm, v: &Value, mode: Mode) -> PyResult<()> {
    let expected = match mode {
        Mode::File => NodeKind::Module,
        Mode::Eval => NodeKind::Expression,
        Mode::Interactive => NodeKind::Interactive,
        Mode::FuncType => NodeKind::FunctionType,
    };
    if vm.is_instance(v, classes::get(vm)?.kinds[expected as usize].as_value())? {
        return Ok(());
    }
    Err(vm.type_error(&format!(
        "expected {} node, got {}",
        expected.info().name,
        vm.type_of(v).payload.name.get().to_string_lossy()
    )))
}

/// The tree that an object is, of the kind that the mode wants, validated.
pub(crate) fn read_tree<'a>(
    vm: &Vm,
    arena: &'a Arena,
    v: &Value,
    mode: Mode,
) -> PyResult<&'a Mod<'a>> {
    check_kind(vm, v, mode)?;
    let classes = classes::get(vm)?;
    let reader = Reader {
        vm,
        arena,
        classes: &classes,
    };
    let Some(Node::Mod(tree)) = reader.node(v, Family::Mod)? else {
        return Err(vm.type_error("expected a tree"));
    };
    let tree = arena.alloc(tree);
    validate(tree, StackLimit::at(stack_limit(vm))).map_err(|e| invalid(vm, e))?;
    Ok(tree)
}

/// Parses a text to a tree of objects.
pub(super) fn parse_to_ast(vm: &Vm, text: &str, filename: &Ref<Str>, o: &Options) -> PyResult {
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let tree = taipan_parser::parse(&arena, text, &parse_options(vm, o), &mut warnings);
    show_warnings(vm, &mut warnings, filename, o)?;
    let tree = arena.alloc(tree.map_err(|e| parse_error(vm, e, filename, text, o.mode))?);
    let tree = preprocessed(vm, &arena, tree, filename, o)?;
    to_object::tree(vm, &*classes::get(vm)?, NodeRef::Mod(tree))
}
