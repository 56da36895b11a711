//! What the command line and the environment ask of an interpreter (CPython's PyConfig, as far as it matters here), and
//! services that crates above this one add.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use taipan_object::{PyResult, Ref, Str, Value, Vm};

use crate::compile::Options;

/// Conversions between syntax trees and Python objects, which module `_ast` brings.
#[derive(Clone, Copy)]
pub struct AstHooks {
    /// Whether an object is a syntax tree.
    pub is_ast: fn(&Vm, &Value) -> PyResult<bool>,
    /// Compiles a tree given as objects, or gives it back when the flags ask for a tree.
    pub compile_ast: fn(&Vm, &Value, &Ref<Str>, &Options) -> PyResult,
    /// Parses a text to a tree of objects.
    pub parse_to_ast: fn(&Vm, &str, &Ref<Str>, &Options) -> PyResult,
}

/// A module that is compiled into the executable.
#[derive(Clone, Copy)]
pub struct Frozen {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a package.
    pub package: bool,
    /// The library's module that it was made of, if any; `<` stands before a package whose `__init__` it is.
    pub origname: Option<&'static str>,
    /// The code, as our own compiler made it.
    pub code: taipan_bytecode::image::CodeView,
}

/// The frozen modules that an interpreter has.
#[derive(Clone, Copy)]
pub struct FrozenModules {
    /// The module of a name.
    pub find: fn(&str) -> Option<Frozen>,
    /// All names.
    pub names: fn() -> Vec<&'static str>,
}

/// The configuration of an interpreter. Fields are set before `initialize` and stay as they are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sys.argv`
    pub argv: Vec<Vec<u8>>,
    /// `sys.orig_argv`
    pub orig_argv: Vec<Vec<u8>>,
    /// `sys.executable`
    pub executable: Vec<u8>,
    /// `sys._base_executable`
    pub base_executable: Vec<u8>,
    /// `sys.prefix`
    pub prefix: Vec<u8>,
    /// `sys.exec_prefix`
    pub exec_prefix: Vec<u8>,
    /// `sys.base_prefix`
    pub base_prefix: Vec<u8>,
    /// `sys.base_exec_prefix`
    pub base_exec_prefix: Vec<u8>,
    /// `sys._stdlib_dir`
    pub stdlib_dir: Option<Vec<u8>>,
    /// `sys.path` before `site` and the script add to it.
    pub module_search_paths: Vec<Vec<u8>>,
    /// -I
    pub isolated: bool,
    /// Not -E
    pub use_environment: bool,
    /// Not -s
    pub user_site_directory: bool,
    /// Not -S
    pub site_import: bool,
    /// Not -B
    pub write_bytecode: bool,
    /// -P
    pub safe_path: bool,
    /// -i
    pub inspect: bool,
    /// Runs the prompt, or -i.
    pub interactive: bool,
    /// -x
    pub skip_first_line: bool,
    /// Not -X no_debug_ranges
    pub debug_ranges: bool,
    /// -X faulthandler
    pub faulthandler: bool,
    /// -X importtime: 1 shows what imports took, 2 those of modules that are loaded already as well.
    pub import_time: u8,
    /// -O, -OO
    pub optimization_level: u8,
    /// -d
    pub parser_debug: i64,
    /// -v
    pub verbose: i64,
    /// -q
    pub quiet: bool,
    /// -b
    pub bytes_warning: i64,
    /// Not -u
    pub buffered_stdio: bool,
    /// -X dev
    pub dev_mode: bool,
    /// -X utf8
    pub utf8_mode: bool,
    /// -X warn_default_encoding
    pub warn_default_encoding: bool,
    /// Whether the hash key is random.
    pub hash_randomization: bool,
    /// -X int_max_str_digits
    pub int_max_str_digits: i64,
    /// -X context_aware_warnings
    pub context_aware_warnings: bool,
    /// -X thread_inherit_context
    pub thread_inherit_context: bool,
    /// `sys.warnoptions`
    pub warnoptions: Vec<Vec<u8>>,
    /// `sys._xoptions`: name and value.
    pub xoptions: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Encoding of the standard streams.
    pub stdio_encoding: String,
    /// Error handler of stdin and stdout.
    pub stdio_errors: String,
    /// `sys.pycache_prefix`
    pub pycache_prefix: Option<Vec<u8>>,
    /// Not -X frozen_modules=off
    pub use_frozen_modules: bool,
    /// --check-hash-based-pycs
    pub check_hash_pycs_mode: String,
    /// -X cpu_count
    pub cpu_count: i64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            argv: vec![Vec::new()],
            orig_argv: Vec::new(),
            executable: Vec::new(),
            base_executable: Vec::new(),
            prefix: Vec::new(),
            exec_prefix: Vec::new(),
            base_prefix: Vec::new(),
            base_exec_prefix: Vec::new(),
            stdlib_dir: None,
            module_search_paths: Vec::new(),
            isolated: false,
            use_environment: true,
            user_site_directory: true,
            site_import: true,
            write_bytecode: true,
            safe_path: false,
            inspect: false,
            interactive: false,
            skip_first_line: false,
            debug_ranges: true,
            faulthandler: false,
            import_time: 0,
            optimization_level: 0,
            parser_debug: 0,
            verbose: 0,
            quiet: false,
            bytes_warning: 0,
            buffered_stdio: true,
            dev_mode: false,
            utf8_mode: false,
            warn_default_encoding: false,
            hash_randomization: true,
            int_max_str_digits: 4300,
            context_aware_warnings: false,
            thread_inherit_context: false,
            warnoptions: Vec::new(),
            xoptions: Vec::new(),
            stdio_encoding: "utf-8".to_owned(),
            stdio_errors: "strict".to_owned(),
            pycache_prefix: None,
            use_frozen_modules: true,
            check_hash_pycs_mode: "default".to_owned(),
            cpu_count: -1,
        }
    }
}

/// The configuration in the state of an interpreter.
#[derive(Default)]
pub struct Config {
    /// What was asked for.
    pub settings: RefCell<Rc<Settings>>,
    /// -O, for `compile(optimize=-1)`.
    pub optimization_level: Cell<u8>,
    /// What the program put first on the path.
    pub sys_path_0: RefCell<Option<Vec<u8>>>,
    /// Whether code objects go without columns.
    pub no_debug_ranges: Cell<bool>,
    /// -i: an exception, SystemExit among them, leads to the prompt.
    pub inspect: Cell<bool>,
    /// What `_ast` brings.
    pub ast_hooks: Cell<Option<AstHooks>>,
    /// The prompt without an editor (`sys._baserepl`).
    pub base_repl: Cell<Option<fn(&Vm) -> PyResult<()>>>,
    /// Frozen modules.
    pub frozen: Cell<Option<FrozenModules>>,
    /// What a test wants of frozen modules (`_imp._override_frozen_modules_for_tests`): 1 all, -1 only those that the
    /// import system needs, 0 what the settings say.
    pub frozen_override: Cell<i32>,
}

/// The configuration of the interpreter.
pub fn config(vm: &Vm) -> Rc<Config> {
    vm.state::<Config>()
}

/// What the interpreter was asked for.
pub fn settings(vm: &Vm) -> Rc<Settings> {
    config(vm).settings.borrow().clone()
}

/// Sets the configuration of an interpreter, before its `sys` is made.
pub fn set_settings(vm: &Vm, s: Settings) {
    let c = config(vm);
    c.optimization_level.set(s.optimization_level.min(2));
    c.inspect.set(s.inspect);
    if let Ok(n) = usize::try_from(s.int_max_str_digits) {
        vm.interp().int_max_str_digits.set(n);
    }
    c.no_debug_ranges.set(!s.debug_ranges);
    *c.settings.borrow_mut() = Rc::new(s);
}
