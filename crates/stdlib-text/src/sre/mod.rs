//! Module `_sre`: patterns (`pattern.rs`), matches (`matched.rs`), scanners and templates (`scanner.rs`), and the
//! subjects they work on (`subject.rs`).

mod matched;
mod pattern;
mod scanner;
mod subject;

pub use matched::Match;
pub use pattern::Pattern;

use taipan_macros::pyfunctions;
use taipan_object::{Dict, List, ModuleSpec, PyResult, Ref, Tuple, Value, Vm};
use taipan_sre::code;

/// `_sre`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_sre",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(|vm, module| {
        for spec in [
            &pattern::PATTERN,
            &matched::MATCH,
            &scanner::SCANNER,
            &scanner::TEMPLATE,
            &scanner::FIND_ITER,
        ] {
            vm.make_type(spec)?;
        }
        let Some(dict) = module.dict.get() else {
            return Ok(());
        };
        let constants = [
            ("MAGIC", code::MAGIC),
            ("CODESIZE", code::CODESIZE),
            ("MAXREPEAT", code::MAXREPEAT),
            ("MAXGROUPS", code::MAXGROUPS),
        ];
        for (name, value) in constants {
            dict.set_named(vm, name, vm.new_int(value.into())?)?;
        }
        let copyright = vm.new_str(" SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB ")?;
        dict.set_named(vm, "copyright", copyright.into_value())
    }),
};

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(
        sig = "($module, /, pattern, flags, code, groups, groupindex,\n        indexgroup)",
        doc = ""
    )]
    fn compile(
        vm: &Vm,
        pattern: &Value,
        flags: i32,
        code: &Ref<List>,
        groups: isize,
        groupindex: &Ref<Dict>,
        indexgroup: &Ref<Tuple>,
    ) -> PyResult<Ref<Pattern>> {
        pattern::compile(vm, pattern, flags, code, groups, groupindex, indexgroup)
    }

    /// template is a list containing interleaved literal strings (str or bytes) and group indices (int), as returned by re._parser.parse_template(): literal1, group1, ..., literalN, groupN
    #[pyfunction(
        sig = "($module, pattern, template, /)",
        doc = "\n\n  template\n    A list containing interleaved literal strings (str or bytes) and group\n    indices (int), as returned by re._parser.parse_template():\n        [literal1, group1, ..., literalN, groupN]"
    )]
    fn template(
        vm: &Vm,
        pattern: &Ref<Pattern>,
        template: &Ref<List>,
    ) -> PyResult<Ref<scanner::Template>> {
        scanner::template(vm, pattern, template)
    }

    #[pyfunction(sig = "($module, /)", doc = "")]
    fn getcodesize() -> i32 {
        4
    }

    #[pyfunction(sig = "($module, character, /)", doc = "")]
    fn ascii_iscased(character: i32) -> bool {
        taipan_sre::ascii_iscased(character as u32)
    }

    #[pyfunction(sig = "($module, character, /)", doc = "")]
    fn unicode_iscased(character: i32) -> bool {
        taipan_sre::unicode_iscased(character as u32)
    }

    #[pyfunction(sig = "($module, character, /)", doc = "")]
    fn ascii_tolower(character: i32) -> u32 {
        taipan_sre::ascii_lower(character as u32)
    }

    #[pyfunction(sig = "($module, character, /)", doc = "")]
    fn unicode_tolower(character: i32) -> u32 {
        taipan_sre::unicode_lower(character as u32)
    }
}
