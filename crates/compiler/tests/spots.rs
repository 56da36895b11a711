//! What the parser notes for preprocessing leaves nothing out: with it the code and the warnings are the same as without.

use taipan_ast::{Arena, Spots, StackLimit};
use taipan_bytecode::constant::Str;
use taipan_bytecode::marshal;
use taipan_compiler::{CompileOptions, compile_noted};
use taipan_parser::{ParseOptions, parse_noting};

const PROGRAMS: [&str; 9] = [
    "if __debug__:\n    x = 1\n",
    "def f():\n    def g():\n        return [__debug__ for a in b]\n    return 1\n",
    "class C:\n    a = 1\n    @d('%s-%d' % (1, 2))\n    @d('%s, %r' % (x,\n        y))\n    def f(self): pass\n",
    "x = f(lambda: '%s %%' % (a,))\ny = f'{\"%s\" % (z,)}'\n",
    "match a:\n    case -1: pass\n    case {-2 + 3j: b}: pass\n    case C(x=-1): pass\n",
    "def f():\n    if a:\n        match b:\n            case -1 | 1-2j: return c\n",
    "def f():\n    try:\n        pass\n    finally:\n        if a:\n            return 1\n",
    "def f():\n    for a in b:\n        try: pass\n        except* E: pass\n        finally:\n            while c:\n                break\n            continue\n",
    "\"doc\"\n\"no doc\"\ndef f():\n    'doc'\n    'no doc'\ndef g():\n    'doc'\n",
];

fn compiled(source: &str, optimize: u8, noted: bool) -> (Vec<u8>, Vec<String>) {
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let mut spots = Spots::Anywhere;
    let options = ParseOptions::default();
    let module = parse_noting(&arena, source, &options, &mut warnings, &mut spots)
        .expect("the source is correct");
    if !noted {
        spots = Spots::Anywhere;
    }
    let limit = StackLimit::below_here(1 << 20);
    let mut options = CompileOptions::new(Str::plain("file.py"), limit);
    options.optimize = optimize;
    let module = arena.alloc(module);
    let code = compile_noted(&arena, module, &spots, &options, &mut warnings)
        .expect("the tree is correct");
    let bytes = marshal::dump_code(&code.code, marshal::VERSION).expect("code is marshalled");
    let warnings = warnings
        .iter()
        .map(|warning| format!("{}: {}", warning.lineno, warning.msg))
        .collect();
    (bytes, warnings)
}

#[test]
fn nothing_is_left_out() {
    for source in PROGRAMS {
        for optimize in 0..3 {
            let whole = compiled(source, optimize, false);
            assert!(compiled(source, optimize, true) == whole, "{source}");
        }
    }
    let (_, warnings) = compiled(PROGRAMS[6], 0, true);
    assert_eq!(warnings, ["6: 'return' in a 'finally' block"]);
}
