//! Trees of any text: the quick pass and the exact one agree, and the tree can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use taipan_ast::reflect::NodeRef;
use taipan_ast::{Arena, DumpOptions, StackLimit, dump, validate};
use taipan_fuzz::{STACK, parse_options, split, text};
use taipan_parser::{ParseError, parse};

fuzz_target!(|data: &[u8]| {
    let (bits, data) = split(data);
    let Some(text) = text(data, bits & 3 < 2) else {
        return;
    };
    let (first, second) = (Arena::new(), Arena::new());
    let mut options = parse_options(bits);
    let quick = parse(&first, &text, &options, &mut Vec::new());
    options.no_quick_pass = true;
    let exact = parse(&second, &text, &options, &mut Vec::new());
    let show = |tree| {
        let options = DumpOptions {
            include_attributes: true,
            ..DumpOptions::default()
        };
        dump(NodeRef::Mod(&tree), options, StackLimit::below_here(STACK))
    };
    match (quick, exact) {
        (Ok(quick), Ok(exact)) => {
            let _ = validate(&exact, StackLimit::below_here(STACK));
            if let (Ok(a), Ok(b)) = (show(quick), show(exact)) {
                assert_eq!(a, b);
            }
        }
        // Fewer rules are active at a time in the quick pass.
        (Ok(_), Err(ParseError::TooDeep)) => {}
        (Ok(_), Err(error)) => panic!("only the quick pass accepts it: {error:?}"),
        (Err(_), Ok(_)) => panic!("only the exact pass accepts it"),
        (Err(_), Err(_)) => {}
    }
});
