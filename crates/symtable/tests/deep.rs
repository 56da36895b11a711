//! Trees too deep for the stack end in an error.

use taipan_ast::{
    Arena, CompileError, Expr, ExprContext, ExprKind, FutureFeatures, Location, Mod, StackLimit,
    UnaryOp,
};
use taipan_symtable::{Options, build};

#[test]
fn too_deep() {
    let arena = Arena::new();
    let loc = Location::new(1, 0, 1, 1);
    let mut node: &Expr<'_> = arena.alloc(Expr {
        kind: ExprKind::Name {
            id: "x",
            ctx: ExprContext::Load,
        },
        loc,
    });
    for _ in 0..100_000 {
        node = arena.alloc(Expr {
            kind: ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand: node,
            },
            loc,
        });
    }
    let module = arena.alloc(Mod::Expression { body: node });
    let limit = StackLimit::below_here(512 * 1024);
    let options = Options {
        future: FutureFeatures::default(),
        allow_top_level_await: false,
        limit,
    };
    assert_eq!(
        build(&arena, module, options).err(),
        Some(CompileError::TooDeep)
    );
}
