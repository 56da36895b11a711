//! Code of any text: the verifier accepts it, and marshal gives it back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use taipan_bytecode::marshal;
use taipan_bytecode::verifier::verify_tree;
use taipan_fuzz::{code, same, split, text};

fuzz_target!(|data: &[u8]| {
    let (bits, data) = split(data);
    let Some(text) = text(data, bits & 3 < 2) else {
        return;
    };
    let Some(code) = code(bits, &text) else {
        return;
    };
    if let Err(error) = verify_tree(&code) {
        panic!("the verifier refuses it: {error:?}");
    }
    if let Ok(dumped) = marshal::dump_code(&code, marshal::VERSION) {
        let Ok(loaded) = marshal::load_code(&mut &dumped[..]) else {
            panic!("what was written cannot be read");
        };
        assert!(same(&code, &loaded.value));
    }
});
