//! The inspector's page: one file of HTML with everything in it. Executables that were built with the feature `inspector`
//! carry it (compressed by `build.rs`).

use taipan_inspect::json;

/// Where a program is put into the page.
const PLACE: &str = "<div id=\"app\"></div>";

#[cfg(feature = "inspector")]
fn carried() -> Option<Vec<u8>> {
    static PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page.zlib"));
    miniz_oxide::inflate::decompress_to_vec_zlib(PAGE).ok()
}

#[cfg(not(feature = "inspector"))]
fn carried() -> Option<Vec<u8>> {
    None
}

/// The page from a file, or the one that the executable carries.
pub(super) fn load(path: Option<&[u8]>) -> Result<String, String> {
    let data = match path {
        Some(path) => taipan_host::fs::read_file(path)
            .map_err(|e| format!("{}: {}", super::name_of(path), super::words(&e)))?,
        None => carried().ok_or(
            "this executable was built without the inspector's page: run `cargo xtask inspector`, then \
             `cargo build --release --features inspector`, or name inspector/dist/single.html with --page \
             (--json and --text need no page)",
        )?,
    };
    String::from_utf8(data).map_err(|_| "the page is not text".to_owned())
}

/// A program's name and source in the form that the page reads.
pub(super) fn program_json(path: &str, data: &[u8]) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let source = String::from_utf8_lossy(data);
    json(&std::collections::BTreeMap::from([
        ("name", name),
        ("source", &*source),
    ]))
}

/// The page with a program in it.
pub(super) fn with_program(page: &str, path: &str, data: &[u8]) -> Result<String, String> {
    // Nothing in the program may end the element that it is in.
    let program = program_json(path, data).replace('<', "\\u003c");
    let element =
        format!("<script type=\"application/json\" id=\"taipan-program\">{program}</script>");
    let at = page
        .find(PLACE)
        .ok_or("the page has no place for a program")?;
    let mut out = String::with_capacity(page.len() + element.len());
    out.push_str(&page[..at]);
    out.push_str(&element);
    out.push_str(&page[at..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_stay_in_their_element() {
        let page = format!("<body>{PLACE}</body>");
        let html = with_program(&page, "a/b.py", b"x = '</script>'\n").expect("there is a place");
        assert!(html.contains(r#"{"name":"b.py","source":"x = '\u003c/script>'\n"}"#));
        assert_eq!(html.matches("</script>").count(), 1);
        assert!(with_program("<body>", "x", b"").is_err());
    }
}
