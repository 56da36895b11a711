//! The macro that declares the methods of `bytes` and `bytearray`, which differ in nothing but the type of their results.

/// Declares the shared methods of a byte string type as two class parts.
macro_rules! byte_string_methods {
    ($t:ty, $holder:ident, $part:ident, $finding:ident) => {
        /// Holder of the methods that all byte strings have.
        pub struct $holder;

        #[taipan_macros::pymethods($part)]
        impl $holder {
            #[pymethod(sig = "($self, /)", doc = "B.capitalize() -> copy of B\n\nThe first character upper case and the rest lower case (ASCII).")]
            fn capitalize(vm: &Vm, this: &Ref<$t>) -> PyResult {
                let out: Vec<u8> = this.with(|b| {
                    let mut out = b.to_ascii_lowercase();
                    if let Some(c) = out.first_mut() { c.make_ascii_uppercase(); }
                    out
                });
                <$t as ByteString>::make(vm, &out)
            }

            #[pymethod(sig = "($self, /)", doc = "B.lower() -> copy of B\n\nAll ASCII characters in lower case.")]
            fn lower(vm: &Vm, this: &Ref<$t>) -> PyResult {
                let out: Vec<u8> = this.with(|b| {
                    b.to_ascii_lowercase()
                });
                <$t as ByteString>::make(vm, &out)
            }

            #[pymethod(sig = "($self, /)", doc = "B.upper() -> copy of B\n\nAll ASCII characters in upper case.")]
            fn upper(vm: &Vm, this: &Ref<$t>) -> PyResult {
                let out: Vec<u8> = this.with(|b| {
                    b.to_ascii_uppercase()
                });
                <$t as ByteString>::make(vm, &out)
            }

            #[pymethod(sig = "($self, /)", doc = "B.swapcase() -> copy of B\n\nUpper case ASCII characters in lower case and the other way round.")]
            fn swapcase(vm: &Vm, this: &Ref<$t>) -> PyResult {
                let out: Vec<u8> = this.with(|b| {
                    b.iter().map(|c| if c.is_ascii_alphabetic() { c ^ 0x20 } else { *c }).collect()
                });
                <$t as ByteString>::make(vm, &out)
            }

            #[pymethod(sig = "($self, /)", doc = "B.title() -> copy of B\n\nASCII words start with an upper case character, the rest is lower case.")]
            fn title(vm: &Vm, this: &Ref<$t>) -> PyResult {
                let out: Vec<u8> = this.with(|b| {
                    $crate::bytes_::shared::title(b)
                });
                <$t as ByteString>::make(vm, &out)
            }

            #[pymethod(sig = "($self, /)", doc = "B.isalnum() -> bool\n\nReturn True if all characters in B are alphanumeric and there is one.")]
            fn isalnum(this: &Ref<$t>) -> bool {
                this.with(|b| !b.is_empty() && b.iter().all(u8::is_ascii_alphanumeric))
            }

            #[pymethod(sig = "($self, /)", doc = "B.isalpha() -> bool\n\nReturn True if all characters in B are alphabetic and there is one.")]
            fn isalpha(this: &Ref<$t>) -> bool {
                this.with(|b| !b.is_empty() && b.iter().all(u8::is_ascii_alphabetic))
            }

            #[pymethod(sig = "($self, /)", doc = "B.isascii() -> bool\n\nReturn True if all characters in B are ASCII and there is one.")]
            fn isascii(this: &Ref<$t>) -> bool {
                this.with(|b| b.is_ascii())
            }

            #[pymethod(sig = "($self, /)", doc = "B.isdigit() -> bool\n\nReturn True if all characters in B are digits and there is one.")]
            fn isdigit(this: &Ref<$t>) -> bool {
                this.with(|b| !b.is_empty() && b.iter().all(u8::is_ascii_digit))
            }

            #[pymethod(sig = "($self, /)", doc = "B.islower() -> bool\n\nReturn True if all characters in B are in lower case and there is one.")]
            fn islower(this: &Ref<$t>) -> bool {
                this.with(|b| b.iter().any(u8::is_ascii_lowercase) && !b.iter().any(u8::is_ascii_uppercase))
            }

            #[pymethod(sig = "($self, /)", doc = "B.isspace() -> bool\n\nReturn True if all characters in B are whitespace and there is one.")]
            fn isspace(this: &Ref<$t>) -> bool {
                this.with(|b| !b.is_empty() && b.iter().all(|&c| $crate::bytes_::shared::is_space(c)))
            }

            #[pymethod(sig = "($self, /)", doc = "B.istitle() -> bool\n\nReturn True if all characters in B are in title case and there is one.")]
            fn istitle(this: &Ref<$t>) -> bool {
                this.with(|b| $crate::bytes_::shared::is_title(b))
            }

            #[pymethod(sig = "($self, /)", doc = "B.isupper() -> bool\n\nReturn True if all characters in B are in upper case and there is one.")]
            fn isupper(this: &Ref<$t>) -> bool {
                this.with(|b| b.iter().any(u8::is_ascii_uppercase) && !b.iter().any(u8::is_ascii_lowercase))
            }

            #[pymethod(sig = "($self, width, fillchar=b' ', /)", doc = "Return a centered string of length width.\n\nPadding is done using the specified fill character.")]
            fn center(vm: &Vm, this: &Ref<$t>, width: isize, fillchar: Option<FillByte>) -> PyResult {
                let n = shared::missing(this, width);
                let left = n / 2 + (n & width as usize & 1);
                let right = n - left;
                shared::pad(vm, this, left, right, fillchar.map_or(b' ', |f| f.0))
            }

            #[pymethod(sig = "($self, width, fillchar=b' ', /)", doc = "Return a left-justified string of length width.\n\nPadding is done using the specified fill character.")]
            fn ljust(vm: &Vm, this: &Ref<$t>, width: isize, fillchar: Option<FillByte>) -> PyResult {
                let n = shared::missing(this, width);
                let left = 0;
                let right = n;
                shared::pad(vm, this, left, right, fillchar.map_or(b' ', |f| f.0))
            }

            #[pymethod(sig = "($self, width, fillchar=b' ', /)", doc = "Return a right-justified string of length width.\n\nPadding is done using the specified fill character.")]
            fn rjust(vm: &Vm, this: &Ref<$t>, width: isize, fillchar: Option<FillByte>) -> PyResult {
                let n = shared::missing(this, width);
                let left = n;
                let right = 0;
                shared::pad(vm, this, left, right, fillchar.map_or(b' ', |f| f.0))
            }

            #[pymethod(sig = "($self, width, /)", doc = "Pad a numeric string with zeros on the left, to fill a field of the given width.\n\nThe original string is never truncated.")]
            fn zfill(vm: &Vm, this: &Ref<$t>, width: isize) -> PyResult {
                shared::zfill(vm, this, width)
            }

            #[pymethod(sig = "($self, /, tabsize=8)", doc = "Return a copy where all tab characters are expanded using spaces.\n\nIf tabsize is not given, a tab size of 8 characters is assumed.")]
            fn expandtabs(vm: &Vm, this: &Ref<$t>, tabsize: i32) -> PyResult {
                shared::expand_tabs(vm, this, tabsize.max(0) as usize)
            }

            #[pymethod(sig = "($self, /, encoding='utf-8', errors='strict')", doc = "Decode the bytes using the codec registered for encoding.")]
            fn decode(vm: &Vm, this: &Ref<$t>, encoding: Option<&str>, errors: Option<&str>) -> PyResult<Ref<Str>> {
                shared::decode(vm, this, encoding, errors)
            }

            #[pymethod(sig = "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", doc = "Create a string of hexadecimal numbers from a byte string.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators; positive values count from the\n    right, negative values from the left.")]
            fn hex(vm: &Vm, this: &Ref<$t>, sep: Option<&Value>, bytes_per_sep: i32) -> PyResult<Ref<Str>> {
                let bytes = this.with(<[u8]>::to_vec);
                shared::hex(vm, &bytes, sep, bytes_per_sep)
            }

            #[pymethod(sig = "($self, iterable_of_bytes, /)", doc = "Concatenate any number of bytes objects.\n\nThe bytes whose method is called is inserted in between each pair.")]
            fn join(vm: &Vm, this: &Ref<$t>, iterable_of_bytes: &Value) -> PyResult {
                shared::join(vm, this, iterable_of_bytes)
            }

            #[pymethod(sig = "($self, sep, /)", doc = "Partition the bytes into three parts using the given separator.")]
            fn partition(vm: &Vm, this: &Ref<$t>, sep: &Value) -> PyResult<(Value, Value, Value)> {
                shared::partition(vm, this, sep, Side::Left)
            }

            #[pymethod(sig = "($self, sep, /)", doc = "Partition the bytes into three parts using the given separator.")]
            fn rpartition(vm: &Vm, this: &Ref<$t>, sep: &Value) -> PyResult<(Value, Value, Value)> {
                shared::partition(vm, this, sep, Side::Right)
            }

            #[pymethod(sig = "($self, /, sep=None, maxsplit=-1)", doc = "Return a list of the sections in the bytes, using sep as the delimiter.")]
            fn split(vm: &Vm, this: &Ref<$t>, sep: Option<&Value>, maxsplit: isize) -> PyResult<Ref<List>> {
                shared::split(vm, this, sep, maxsplit, Side::Left)
            }

            #[pymethod(sig = "($self, /, sep=None, maxsplit=-1)", doc = "Return a list of the sections in the bytes, using sep as the delimiter.")]
            fn rsplit(vm: &Vm, this: &Ref<$t>, sep: Option<&Value>, maxsplit: isize) -> PyResult<Ref<List>> {
                shared::split(vm, this, sep, maxsplit, Side::Right)
            }

            #[pymethod(sig = "($self, /, keepends=False)", doc = "Return a list of the lines in the bytes, breaking at line boundaries.")]
            fn splitlines(vm: &Vm, this: &Ref<$t>, keepends: bool) -> PyResult<Ref<List>> {
                shared::lines(vm, this, keepends)
            }

            #[pymethod(sig = "($self, old, new, count=-1, /)", doc = "Return a copy with all occurrences of substring old replaced by new.")]
            fn replace(vm: &Vm, this: &Ref<$t>, old: BytesArg<'_>, new: BytesArg<'_>, count: isize) -> PyResult {
                shared::replace(vm, this, &old, &new, count)
            }

            #[pymethod(sig = "($self, prefix, /)", doc = "Return a bytes object with the given prefix string removed if present.")]
            fn removeprefix(vm: &Vm, this: &Ref<$t>, prefix: BytesArg<'_>) -> PyResult {
                let (start, end) = if this.with(|b| b.starts_with(&prefix)) {
                    (prefix.len(), usize::MAX)
                } else {
                    (0, usize::MAX)
                };
                <$t as ByteString>::part(vm, this, start, end)
            }

            #[pymethod(sig = "($self, suffix, /)", doc = "Return a bytes object with the given suffix string removed if present.")]
            fn removesuffix(vm: &Vm, this: &Ref<$t>, suffix: BytesArg<'_>) -> PyResult {
                let (start, end) = if this.with(|b| b.ends_with(&suffix)) {
                    (0, this.with(<[u8]>::len) - suffix.len())
                } else {
                    (0, usize::MAX)
                };
                <$t as ByteString>::part(vm, this, start, end)
            }

            #[pymethod(sig = "($self, bytes=None, /)", doc = "Strip leading and trailing bytes contained in the argument.\n\nIf the argument is omitted or None, strip leading and trailing ASCII whitespace.")]
            fn strip(vm: &Vm, this: &Ref<$t>, bytes: Option<&Value>) -> PyResult {
                let set = match bytes.filter(|v| !vm.is_none(v)) {
                    Some(v) => Some(shared::bytes_of(vm, v)?),
                    None => None,
                };
                let (start, end) = this.with(|b| shared::stripped(b, true, true, set.as_deref()));
                <$t as ByteString>::part(vm, this, start, end)
            }

            #[pymethod(sig = "($self, bytes=None, /)", doc = "Strip leading bytes contained in the argument.\n\nIf the argument is omitted or None, strip leading ASCII whitespace.")]
            fn lstrip(vm: &Vm, this: &Ref<$t>, bytes: Option<&Value>) -> PyResult {
                let set = match bytes.filter(|v| !vm.is_none(v)) {
                    Some(v) => Some(shared::bytes_of(vm, v)?),
                    None => None,
                };
                let (start, end) = this.with(|b| shared::stripped(b, true, false, set.as_deref()));
                <$t as ByteString>::part(vm, this, start, end)
            }

            #[pymethod(sig = "($self, bytes=None, /)", doc = "Strip trailing bytes contained in the argument.\n\nIf the argument is omitted or None, strip trailing ASCII whitespace.")]
            fn rstrip(vm: &Vm, this: &Ref<$t>, bytes: Option<&Value>) -> PyResult {
                let set = match bytes.filter(|v| !vm.is_none(v)) {
                    Some(v) => Some(shared::bytes_of(vm, v)?),
                    None => None,
                };
                let (start, end) = this.with(|b| shared::stripped(b, false, true, set.as_deref()));
                <$t as ByteString>::part(vm, this, start, end)
            }

            #[pymethod(sig = "($self, table, /, delete=b'')", doc = "Return a copy with each character mapped by the given translation table.\n\n  table\n    Translation table, which must be a bytes object of length 256.\n\nAll characters occurring in the optional argument delete are removed.")]
            fn translate(vm: &Vm, this: &Ref<$t>, table: &Value, delete: Option<&Value>) -> PyResult {
                shared::translate(vm, this, table, delete)
            }

            #[staticmethod(sig = "(frm, to, /)", doc = "Return a translation table usable for the bytes or bytearray translate method.")]
            fn maketrans(vm: &Vm, frm: BytesArg<'_>, to: BytesArg<'_>) -> PyResult<Ref<Bytes>> {
                shared::make_table(vm, &frm, &to)
            }

            #[classmethod(sig = "($type, string, /)", doc = "Create a bytes object from a string of hexadecimal numbers.\n\nSpaces between two numbers are accepted.")]
            fn fromhex(vm: &Vm, cls: &Ref<TypeObject>, string: &Value) -> PyResult {
                let bytes = shared::from_hex(vm, string)?;
                let made = <$t as ByteString>::make(vm, &bytes)?;
                if cls.is(&<$t as ByteString>::class(vm)?) {
                    return Ok(made);
                }
                vm.call1(cls.as_value(), &made)
            }
        }

        mod finding {
            use super::*;
            use $crate::bytes_::shared::{affix, count, find};

            fn or_minus_one(vm: &Vm, found: Option<usize>) -> PyResult {
                match found {
                    Some(i) => vm.new_usize(i),
                    None => Ok(Value::from_i32(-1)),
                }
            }
            fn or_error(vm: &Vm, found: Option<usize>) -> PyResult {
                match found {
                    Some(i) => vm.new_usize(i),
                    None => Err(vm.value_error("subsection not found")),
                }
            }
            pub(super) fn find_(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
                or_minus_one(vm, find::<$t>(vm, "find", this, args, Side::Left)?)
            }
            pub(super) fn rfind_(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
                or_minus_one(vm, find::<$t>(vm, "rfind", this, args, Side::Right)?)
            }
            pub(super) fn index_(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
                or_error(vm, find::<$t>(vm, "index", this, args, Side::Left)?)
            }
            pub(super) fn rindex_(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
                or_error(vm, find::<$t>(vm, "rindex", this, args, Side::Right)?)
            }
            pub(super) fn count_(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
                count::<$t>(vm, this, args)
            }
            pub(super) fn startswith_(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
                affix::<$t>(vm, "startswith", this, args, Side::Left)
            }
            pub(super) fn endswith_(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
                affix::<$t>(vm, "endswith", this, args, Side::Right)
            }
        }

        /// The searching methods.
        pub static $finding: ClassPart = ClassPart {
            methods: &[
                searching("count", SUB, "Return the number of non-overlapping occurrences of subsection 'sub' in bytes B[start:end].", finding::count_),
                searching("find", SUB, "Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\nReturn -1 on failure.", finding::find_),
                searching("index", SUB, "Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\nRaise ValueError if the subsection is not found.", finding::index_),
                searching("rfind", SUB, "Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\nReturn -1 on failure.", finding::rfind_),
                searching("rindex", SUB, "Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\nRaise ValueError if the subsection is not found.", finding::rindex_),
                searching("startswith", PREFIX, "Return True if the bytes starts with the specified prefix, False otherwise.", finding::startswith_),
                searching("endswith", SUFFIX, "Return True if the bytes ends with the specified suffix, False otherwise.", finding::endswith_),
            ],
            getset: &[],
            slots: &[],
        };
    };
}

pub(crate) use byte_string_methods;
