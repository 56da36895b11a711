//! Programs run with somebody watching: they do what they do otherwise, and their states are what they should be.

use std::collections::HashMap;

use serde_json::Value;
use taipan::Settings;
use taipan_machine::{Request, report};

fn run(source: &str, every: u64) -> Value {
    let source = source.to_owned();
    let json = taipan::on_big_stack(move || {
        let request = Request {
            source: source.as_bytes(),
            filename: "program.py",
            optimize: 0,
            every,
            most_steps: 100_000,
            library: false,
        };
        report(Settings::default(), &request).expect("the interpreter starts")
    });
    serde_json::from_str(&json.expect("it does not panic")).expect("the report is JSON")
}

/// The texts of a frame's stack, and of its bound names.
fn seen(state: &Value) -> (Vec<&str>, Vec<(&str, &str)>) {
    let frame = state["frames"].as_array().and_then(|f| f.last());
    let frame = frame.unwrap_or(&Value::Null);
    let names = frame["locals"].as_array().map(Vec::as_slice);
    let names = names.unwrap_or_default().iter();
    let bound = names.filter_map(|n| Some((n["name"].as_str()?, n["value"]["text"].as_str()?)));
    let stack = frame["stack"].as_array().map(Vec::as_slice);
    let stack = stack
        .unwrap_or_default()
        .iter()
        .filter_map(|v| v["text"].as_str());
    (stack.collect(), bound.collect())
}

/// The same JSON with objects numbered as they come: addresses differ between runs.
fn renumbered(v: &Value, known: &mut HashMap<u64, usize>) -> Value {
    match v {
        Value::Array(items) => items.iter().map(|v| renumbered(v, known)).collect(),
        Value::Object(fields) => {
            let is_frame = fields.contains_key("qualname");
            let mut number = |n: u64| {
                let next = known.len();
                Value::from(*known.entry(n).or_insert(next))
            };
            let mut new = serde_json::Map::new();
            for (k, v) in fields {
                let is_id = k == "object" || (k == "id" && !is_frame);
                let changed = match (k.as_str(), v) {
                    (_, v) if is_id && v.is_u64() => number(v.as_u64().unwrap_or(0)),
                    ("suspended", Value::Array(ids)) => ids
                        .iter()
                        .filter_map(Value::as_u64)
                        .map(&mut number)
                        .collect(),
                    _ => continue,
                };
                new.insert(k.clone(), changed);
            }
            for (k, v) in fields {
                if !new.contains_key(k) {
                    new.insert(k.clone(), renumbered(v, known));
                }
            }
            Value::Object(new)
        }
        other => other.clone(),
    }
}

#[test]
fn every_instruction_is_a_step() {
    let r = run(
        "def f(a, b):\n    c = a + b\n    return c\nprint(f(1, 2) < 4)\n",
        1,
    );
    assert_eq!(r["output"], "True\n");
    assert_eq!(r["ending"], "finished");
    let names: Vec<String> = r["states"]
        .as_array()
        .expect("states")
        .iter()
        .map(|s| {
            let frame = &s["frames"]
                .as_array()
                .expect("frames")
                .last()
                .expect("a frame")
                .clone();
            let code = frame["code"].as_u64().expect("a code") as usize;
            let rows = r["codes"][code]["instructions"]
                .as_array()
                .expect("rows")
                .clone();
            let row = rows
                .iter()
                .find(|row| row[0] == frame["offset"])
                .expect("an instruction");
            row[1].as_str().expect("a name").to_owned()
        })
        .collect();
    let expected = "RESUME LOAD_CONST MAKE_FUNCTION STORE_NAME LOAD_NAME PUSH_NULL LOAD_NAME PUSH_NULL \
         LOAD_SMALL_INT LOAD_SMALL_INT CALL RESUME LOAD_FAST_BORROW_LOAD_FAST_BORROW BINARY_OP STORE_FAST \
         LOAD_FAST_BORROW RETURN_VALUE LOAD_SMALL_INT COMPARE_OP CALL POP_TOP LOAD_CONST RETURN_VALUE";
    assert_eq!(
        names.join(" "),
        expected.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    assert_eq!(r["steps"], names.len());
    // Before BINARY_OP: both operands, borrowed from the locals.
    let (stack, locals) = seen(&r["states"][13]);
    assert_eq!(stack, ["1", "2"]);
    assert_eq!(locals, [("a", "1"), ("b", "2")]);
    let (stack, _) = seen(&r["states"][14]);
    assert_eq!(stack, ["3"]);
    let (_, locals) = seen(&r["states"][15]);
    assert_eq!(locals, [("a", "1"), ("b", "2"), ("c", "3")]);
}

#[test]
fn loops_specialize_and_stay_watched() {
    let r = run(
        "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\nprint(f(100), f(3))\n",
        1000,
    );
    assert_eq!(r["output"], "4950 3\n");
    // Six instructions each time round, in each of the 103 rounds.
    assert!(r["steps"].as_u64() > Some(618));
    let counts = r["counts"].as_array().expect("counts");
    let row = counts
        .iter()
        .find(|c| c["specialized"] == "BINARY_OP_ADD_INT");
    assert_eq!(row.expect("it is specialized")["count"], 103);
    assert!(counts.iter().any(|c| c["specialized"] == "FOR_ITER_RANGE"));
}

#[test]
fn states_are_the_same_each_time() {
    let source = "\
class A:
    def __init__(self, x):
        self.x = x
    def __lt__(self, other):
        return self.x < other.x
def gen(n):
    for i in range(n):
        try:
            yield i
        finally:
            n = i
def outer():
    k = 0
    def inner():
        nonlocal k
        k += 1
        return k
    return inner
items = sorted([A(3), A(1), A(2)], key=lambda a: -a.x)
shared = items
f = outer()
f()
print([a.x for a in items], list(gen(3)), f(), {1: [2]}, {4} | {5})
g = gen(2)
next(g)
try:
    {}['k']
except KeyError as e:
    print(repr(e))
match [1, 2]:
    case [a, b]:
        print(a, b)
1 / 0
";
    let (one, two) = (run(source, 1), run(source, 1));
    assert_eq!(one["ending"], "ZeroDivisionError: division by zero");
    assert_eq!(
        one["output"],
        "[3, 2, 1] [0, 1, 2] 2 {1: [2]} {4, 5}\nKeyError('k')\n1 2\n"
    );
    let states = |r: &Value| renumbered(&r["states"], &mut HashMap::new());
    assert_eq!(states(&one), states(&two));
    let last = one["states"]
        .as_array()
        .expect("states")
        .last()
        .expect("one");
    assert_eq!(last["suspended"].as_array().map(Vec::len), Some(1));
    let globals = last["globals"].as_array().expect("globals");
    let object = |name: &str| {
        let found = globals.iter().find(|g| g["name"] == name);
        found.expect("the name is bound")["value"]["object"].clone()
    };
    assert_eq!(object("items"), object("shared"));
}

#[test]
fn programs_that_do_not_compile_or_end() {
    let r = run("x = = 1\n", 1);
    assert_eq!(
        r["ending"],
        "SyntaxError: invalid syntax (program.py, line 1)"
    );
    let r = run("while True: pass\n", 50_000);
    assert_eq!(r["ending"], "limit");
    let r = run("def f(): f()\nf()\n", 100_000);
    let ending = r["ending"].as_str().expect("a text");
    assert!(ending.starts_with("RecursionError: maximum recursion depth exceeded"));
}
