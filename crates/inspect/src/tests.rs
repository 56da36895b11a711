//! Tests over all stages of small programs.

use crate::types::{GroupKind, Options, Stage, TextKind};
use crate::{Program, analyze, json};

const STACK: usize = 1 << 19;

fn open(text: &str) -> Program {
    let options = Options {
        filename: "x.py".to_owned(),
        ..Options::default()
    };
    Program::open(text, options, STACK)
}

const PROGRAM: &str = "\
def f(n, *rest):
    def g(y):
        return y + n
    try:
        for x in rest:
            print(f'{g(x)!r:>{n}} {n}')
    except ValueError as e:
        raise RuntimeError('ä𝄞') from e
";

#[test]
fn all_stages_are_reached_and_become_json() {
    let analysis = analyze(PROGRAM, Options::default(), STACK);
    assert_eq!(analysis.overview.error, None);
    assert_eq!(analysis.overview.stages.len(), 7);
    let text = json(&analysis);
    for word in [
        "FSTRING_MIDDLE",
        "\"co_consts\"",
        "Disassembly of",
        "SETUP_FINALLY",
    ] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn spans_count_code_units() {
    let tree = open("'ä𝄞' + b").tree(false).expect("it is right");
    let places: Vec<(i32, i32)> = tree.rows.rows().map(|row| (row[4], row[5])).collect();
    // Module, Expr, BinOp, Constant, Name
    assert_eq!(places, [(-1, -1), (0, 9), (0, 9), (0, 5), (8, 9)]);
}

#[test]
fn places_in_the_text_are_those_of_the_nodes() {
    let program = open(PROGRAM);
    let (tree, text) = (program.tree(false), program.tree_text(false));
    let (tree, text) = (tree.expect("it is right"), text.expect("it is right"));
    assert_eq!(tree.rows.len(), text.places.len());
    let units: Vec<u16> = text.text.encode_utf16().collect();
    for (row, place) in tree.rows.rows().zip(text.places.rows()) {
        let shown = &units[place[0] as usize..place[1] as usize];
        let shown = String::from_utf16(shown).expect("it is text");
        let class = tree.classes[row[0] as usize];
        assert!(shown.starts_with(&format!("{class}(")) && shown.ends_with(')'));
    }
}

#[test]
fn strings_with_fields_nest() {
    let tokens = open("f'{a:{b}}{c!r}' t'{d[\"x\":1]}'").tokens();
    let groups: Vec<(GroupKind, Option<u32>)> =
        tokens.groups.iter().map(|g| (g.kind, g.parent)).collect();
    use GroupKind::*;
    assert_eq!(
        groups,
        [
            (Fstring, None),
            (Field, Some(0)),
            (Format, Some(1)),
            (Field, Some(2)),
            (Field, Some(0)),
            (Tstring, None),
            (Field, Some(5)),
        ]
    );
    let text = |index: u32| tokens.texts[index as usize].as_str();
    for group in &tokens.groups {
        match group.kind {
            Field => assert_eq!((text(group.first), text(group.last)), ("{", "}")),
            Format => assert_eq!(text(group.first), "{"),
            _ => assert_eq!(text(group.last), "'"),
        }
    }
}

#[test]
fn errors_show_where_they_are() {
    let program = open("x = 1\nfoo(a, b for b in c)\n");
    let error = program.overview().error.clone().expect("it is wrong");
    assert_eq!(error.span, Some((13, 25)));
    assert_eq!(
        error.formatted,
        "  File \"x.py\", line 2\n    foo(a, b for b in c)\n           ^^^^^^^^^^^^\n\
         SyntaxError: Generator expression must be parenthesized\n"
    );
    assert_eq!(program.overview().stages, [Stage::Tokens]);
    assert!(program.tree(false).is_none());
    assert!(program.tokens().error.is_none());
}

#[test]
fn what_the_scopes_say_stops_the_compiler_alone() {
    let program = open("def f():\n    nonlocal x\n");
    let error = program.overview().error.clone().expect("it is wrong");
    assert_eq!(error.message, "no binding for nonlocal 'x' found");
    assert_eq!(
        program.overview().stages,
        [Stage::Tokens, Stage::Tree, Stage::Optimized]
    );
}

#[test]
fn hostile_programs_are_answered() {
    for text in [
        "(".repeat(10_000),
        "-".repeat(100_000) + "x",
        "a.".repeat(50_000) + "b",
        "x = ".to_owned() + &"1+".repeat(50_000) + "1",
        "[".repeat(150) + &"]".repeat(150),
        "\0".to_owned(),
        "if a:\n  b\n c".to_owned(),
    ] {
        let program = open(&text);
        json(&program.analysis(&program.overview().stages.clone()));
    }
}

#[test]
fn instructions_know_the_stack() {
    let codes = open(PROGRAM).code().expect("it is right");
    for code in &codes.codes {
        for row in code.rows.rows() {
            // All of it is reached, and fits.
            assert!((0..=code.stacksize as i32).contains(&row[15]));
        }
    }
    let children: Vec<Option<u32>> = codes.codes.iter().map(|code| code.parent).collect();
    assert_eq!(children, [None, Some(0), Some(1)]);
    assert_eq!(codes.codes[1].consts.iter().find_map(|c| c.code), Some(2));
}

#[test]
fn every_line_of_the_listing_has_its_instruction() {
    let program = open(PROGRAM);
    let codes = program.code().expect("it is right");
    for show_caches in [false, true] {
        let options = crate::ListingOptions {
            show_caches,
            ..Default::default()
        };
        let listing = program.listing(&options).expect("it is right");
        for (line, row) in listing.text.lines().zip(listing.lines.rows()) {
            let [code, instruction] = *row else {
                panic!("rows have two numbers");
            };
            if instruction < 0 || line.contains("CACHE") {
                continue;
            }
            let rows = &codes.codes[code as usize].rows;
            let name = codes.opnames[rows.row(instruction as usize)[2] as usize];
            assert!(line.contains(name), "{line}: {name}");
        }
        let shown = listing.lines.rows().filter(|row| row[1] >= 0).count();
        let all: usize = codes.codes.iter().map(|code| code.rows.len()).sum();
        assert!(shown == all || show_caches && shown > all);
    }
}

#[test]
fn parts_of_a_pyc_fill_it() {
    let pyc = open(PROGRAM).pyc().expect("it is right");
    let rows: Vec<&[i32]> = pyc.rows.rows().collect();
    for (index, row) in rows.iter().enumerate() {
        let inner: Vec<&&[i32]> = rows.iter().filter(|r| r[2] == index as i32).collect();
        if let (Some(first), Some(last)) = (inner.first(), inner.last()) {
            assert!(first[0] >= row[0] && last[1] == row[1]);
            assert!(inner.windows(2).all(|pair| pair[0][1] == pair[1][0]));
        }
    }
}

#[test]
fn texts() {
    let program = open("x = 1\n");
    let text = |kind| program.stage_text(kind).expect("it is right");
    assert_eq!(
        text(TextKind::Ast),
        "Module(\n    body=[\n        Assign(\n            targets=[\n                Name(id='x', ctx=Store())],\n            \
         value=Constant(value=1))])"
    );
    assert!(text(TextKind::Tokens).starts_with(
        "0,0-0,0:            ENCODING       'utf-8'        \n1,0-1,1:            NAME           'x'            \n"
    ));
    assert!(text(TextKind::Units).contains("after optimization"));
    assert!(
        text(TextKind::Scopes)
            .starts_with("module top, line 0\n    x: local [global, local, assigned]\n")
    );
    assert!(text(TextKind::Pyc).starts_with("00000000: 2b0e 0d0a 0000 0000"));
}

#[test]
fn symbols_know_where_they_stand() {
    let text = "x = 1\n@x\ndef f(a, b=x):\n    y = a.x + x\n    return [a for a in y], (x for x in g(x=y))\n";
    let scopes = open(text).scopes().expect("it is right").scopes;
    let places = |scope: usize, name: &str| -> Vec<u32> {
        let symbol = scopes[scope].symbols.iter().find(|s| s.name == name);
        let places = &symbol.expect("it is there").places;
        places.chunks(2).map(|place| place[0]).collect()
    };
    let all = |what: &str| -> Vec<u32> { text.match_indices(what).map(|m| m.0 as u32).collect() };
    let x = all("x");
    assert_eq!(places(0, "x"), [x[0], x[1], x[2]]);
    assert_eq!(places(0, "f"), [all("f(")[0]]);
    // The scope between is that of the annotations.
    assert_eq!(places(2, "x"), [x[4]]);
    assert_eq!(places(2, "y").len(), 3);
    assert_eq!(places(3, "x"), [x[5], x[6]]);
    // The comprehension is inlined.
    assert_eq!(places(2, "a").len(), 4);
}

#[test]
fn misspelt_keywords_are_told() {
    let formatted = |text: &str| {
        open(text)
            .overview()
            .error
            .clone()
            .expect("it is wrong")
            .formatted
    };
    assert_eq!(
        formatted("fro i in range(3):\n  pass\n"),
        "  File \"x.py\", line 1\n    fro i in range(3):\n    ^^^\nSyntaxError: invalid syntax. Did you mean 'for'?\n"
    );
    assert_eq!(
        formatted("x = 1\nif x:\n    whille True:\n        pass\n"),
        "  File \"x.py\", line 3\n    whille True:\n    ^^^^^^\nSyntaxError: invalid syntax. Did you mean 'while'?\n"
    );
    assert_eq!(
        formatted("def f():\n    retrun 3\n"),
        "  File \"x.py\", line 2\n    retrun 3\n    ^^^^^^\nSyntaxError: invalid syntax. Did you mean 'return'?\n"
    );
    assert_eq!(
        formatted("clas A: pass"),
        "  File \"x.py\", line 1\n    clas A: pass\n    ^^^^\nSyntaxError: invalid syntax. Did you mean 'class'?\n"
    );
    assert_eq!(
        formatted("a b c\n"),
        "  File \"x.py\", line 1\n    a b c\n      ^\nSyntaxError: invalid syntax\n"
    );
    assert_eq!(
        formatted("x = [\n  1 fi 2 esle 3\n]\n"),
        "  File \"x.py\", line 2\n    1 fi 2 esle 3\n    ^^^^\nSyntaxError: invalid syntax. Perhaps you forgot a comma?\n"
    );
}
