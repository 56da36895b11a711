//! Values from any bytes: what can be read can be written, and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use taipan_bytecode::marshal;
use taipan_fuzz::same;

fuzz_target!(|data: &[u8]| {
    let Ok(first) = marshal::load_constant(&mut &data[..]) else {
        return;
    };
    let Ok(written) = marshal::dump_constant(&first.value, marshal::VERSION) else {
        return;
    };
    let Ok(second) = marshal::load_constant(&mut &written[..]) else {
        panic!("what was written cannot be read");
    };
    assert!(same(&first.value, &second.value));
});
