//! Writing JSON.

/// A text that grows. Commas are put where they belong.
#[derive(Default)]
pub struct Json {
    out: String,
}

impl Json {
    /// The text.
    pub fn finish(self) -> String {
        self.out
    }

    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
    }

    /// Begins an object or a list.
    pub fn open(&mut self, bracket: char) {
        self.separate();
        self.out.push(bracket);
    }

    /// Ends one.
    pub fn close(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    /// The name of the value that comes next.
    pub fn key(&mut self, name: &str) -> &mut Json {
        self.string(name);
        self.out.push(':');
        self
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                c if (c as u32) < 32 => self.out.push_str(&format!("\\u{:04x}", c as u32)),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    /// A whole number.
    pub fn number(&mut self, n: impl Into<i64>) {
        self.separate();
        self.out.push_str(&n.into().to_string());
    }

    /// A number that may be too large for others.
    pub fn size(&mut self, n: u64) {
        self.separate();
        self.out.push_str(&n.to_string());
    }

    /// `true` or `false`.
    pub fn flag(&mut self, on: bool) {
        self.separate();
        self.out.push_str(if on { "true" } else { "false" });
    }

    /// `null`
    pub fn null(&mut self) {
        self.separate();
        self.out.push_str("null");
    }

    /// Adds a field to the object that was just closed.
    pub fn amend(&mut self, field: &str) {
        if self.out.ends_with('}') {
            self.out.pop();
            self.separate();
            self.out.push_str(field);
            self.out.push('}');
        }
    }

    /// What is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.out.push_str(json);
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn puts_commas_and_escapes() {
        let mut j = Json::default();
        j.open('{');
        j.key("a").number(1);
        j.key("b").open('[');
        j.string("x\"\n");
        j.null();
        j.open('{');
        j.close('}');
        j.close(']');
        j.key("c").flag(true);
        j.close('}');
        assert_eq!(j.finish(), r#"{"a":1,"b":["x\"\n",null,{}],"c":true}"#);
    }
}
