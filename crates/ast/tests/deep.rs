//! Trees too deep for the stack end in an error, in everything that recurses over them; and what the validator says
//! of trees that the parser would not make.

use taipan_ast::reflect::NodeRef;
use taipan_ast::{
    Arena, CmpOp, CompileError, Constant, DumpOptions, Expr, ExprContext, ExprKind, Location, Mod,
    PreprocessOptions, StackLimit, Stmt, StmtKind, TooDeep, UnaryOp, ValidateError, dump,
    preprocess, unparse, validate,
};

const LOC: Location = Location::new(1, 0, 1, 1);

fn expr<'a>(arena: &'a Arena, kind: ExprKind<'a>) -> &'a Expr<'a> {
    arena.alloc(Expr { kind, loc: LOC })
}

fn name<'a>(arena: &'a Arena, id: &'a str, ctx: ExprContext) -> &'a Expr<'a> {
    expr(arena, ExprKind::Name { id, ctx })
}

#[test]
fn too_deep() {
    let arena = Arena::new();
    let mut node = name(&arena, "x", ExprContext::Load);
    for _ in 0..100_000 {
        node = expr(
            &arena,
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand: node,
            },
        );
    }
    let module = arena.alloc(Mod::Expression { body: node });
    let limit = StackLimit::below_here(512 * 1024);
    assert_eq!(
        dump(NodeRef::Mod(module), DumpOptions::default(), limit),
        Err(TooDeep)
    );
    assert_eq!(unparse(node, limit), Err(TooDeep));
    assert_eq!(validate(module, limit), Err(ValidateError::TooDeep));
    let options = PreprocessOptions {
        optimize: 0,
        features: 0,
        syntax_check_only: false,
        warnings: true,
        limit,
    };
    assert_eq!(
        preprocess(&arena, module, options, &mut Vec::new()),
        Err(CompileError::TooDeep)
    );
}

#[test]
fn messages_of_the_validator() {
    let arena = Arena::new();
    let limit = StackLimit::below_here(512 * 1024);
    let load = name(&arena, "x", ExprContext::Load);
    let check = |kind: ExprKind<'_>, loc| match validate(
        &Mod::Expression {
            body: &Expr { kind, loc },
        },
        limit,
    ) {
        Ok(()) => "valid".to_owned(),
        Err(error) => error.to_string(),
    };
    let cases = [
        (
            ExprKind::Name {
                id: "x",
                ctx: ExprContext::Load,
            },
            LOC,
            "valid",
        ),
        (
            ExprKind::Name {
                id: "x",
                ctx: ExprContext::Store,
            },
            LOC,
            "ValueError: expression must have Load context but has Store instead",
        ),
        (
            ExprKind::Name {
                id: "None",
                ctx: ExprContext::Load,
            },
            LOC,
            "ValueError: identifier field can't represent 'None' constant",
        ),
        (
            ExprKind::Constant {
                value: Constant::Int(1),
                kind: None,
            },
            Location::new(2, 0, 1, 0),
            "ValueError: AST node line range (2, 1) is not valid",
        ),
        (
            ExprKind::Constant {
                value: Constant::Int(1),
                kind: None,
            },
            Location::new(1, 5, 1, 4),
            "ValueError: line 1, column 5-4 is not a valid range",
        ),
        (
            ExprKind::Constant {
                value: Constant::Int(1),
                kind: None,
            },
            Location::new(1, u32::MAX, 2, 4),
            "ValueError: AST node column range (-1, 4) for line range (1, 2) is not valid",
        ),
        (
            ExprKind::Compare {
                left: load,
                ops: &[CmpOp::Eq],
                comparators: &[],
            },
            LOC,
            "ValueError: Compare with no comparators",
        ),
        (
            ExprKind::NamedExpr {
                target: load,
                value: load,
            },
            LOC,
            "valid",
        ),
        (
            ExprKind::NamedExpr {
                target: expr(&arena, ExprKind::Yield { value: None }),
                value: load,
            },
            LOC,
            "TypeError: NamedExpr target must be a Name",
        ),
        (
            ExprKind::ListComp {
                elt: load,
                generators: &[],
            },
            LOC,
            "ValueError: comprehension with no generators",
        ),
    ];
    for (kind, loc, message) in cases {
        assert_eq!(check(kind, loc), message);
    }
    let body = [Stmt {
        kind: StmtKind::If {
            test: load,
            body: &[],
            orelse: &[],
        },
        loc: LOC,
    }];
    let module = Mod::Module {
        body: &body,
        type_ignores: &[],
    };
    assert_eq!(
        validate(&module, limit),
        Err(ValidateError::Value("empty body on If".to_owned()))
    );
}
