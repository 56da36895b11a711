//! `itertools`: each file has iterators that work alike. Their arguments' iterators never change, so they are plain
//! fields; what a step replaces is in cells, and no reference into a cell is held while an iterator runs.

mod chains;
mod combinatoric;
mod counts;
mod groupby;
mod predicates;
mod selecting;
mod tee;

use taipan_object::{ModuleSpec, TypeSpec};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "itertools",
    doc: Some("Fast iterators, inspired by constructs of APL, Haskell and SML."),
    functions: &[tee::functions::FUNCTIONS],
    types: TYPES,
    exec: None,
};

const TYPES: &[&TypeSpec] = &[
    &selecting::ACCUMULATE,
    &selecting::BATCHED,
    &combinatoric::COMBINATIONS,
    &combinatoric::COMBINATIONS_WITH_REPLACEMENT,
    &chains::CYCLE,
    &predicates::DROPWHILE,
    &predicates::TAKEWHILE,
    &selecting::ISLICE,
    &predicates::STARMAP,
    &chains::CHAIN,
    &predicates::COMPRESS,
    &predicates::FILTERFALSE,
    &counts::COUNT,
    &chains::ZIP_LONGEST,
    &selecting::PAIRWISE,
    &combinatoric::PERMUTATIONS,
    &combinatoric::PRODUCT,
    &counts::REPEAT,
    &groupby::GROUPBY,
    &groupby::GROUPER,
    &tee::TEE,
    &tee::TEE_DATA,
];

/// An iterator type of the module.
const fn iterator(
    name: &'static str,
    doc: &'static str,
    layout: fn() -> &'static taipan_object::Layout,
) -> TypeSpec {
    TypeSpec {
        doc: Some(doc),
        flags: taipan_object::tpflags::BASETYPE,
        ..TypeSpec::new(name, "itertools", layout)
    }
}
