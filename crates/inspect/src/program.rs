//! A program that is looked at. Opening it runs all stages once, to know how far they come; each stage's data is made
//! when it is asked for.

use crate::places::Places;
use crate::types::Mode;
use crate::types::{
    Analysis, Codes, Listing, Options, Overview, Problem, Pyc, Scopes, Stage, TextKind, Tokens,
    Tree, TreeText, Units,
};
use crate::units::Watch;
use crate::{codes, listing, problem, pyc, scopes, tokens, tree, units};
use std::rc::Rc;
use taipan_ast::{Arena, Mod, PreprocessOptions, StackLimit, future_features, preprocess};
use taipan_bytecode::CodeObject;
use taipan_bytecode::constant::Str;
use taipan_compiler::codegen::Observer;
use taipan_compiler::{CompileOptions, compile_observed};
use taipan_parser::{ParseOptions, parse};
use taipan_tokenizer::SyntaxWarning;
use taipan_tokenizer::source::{Source, SourceError, SourceOptions, no_codecs};

/// A program and what is known of it.
#[derive(Debug)]
pub struct Program {
    text: String,
    encoding: String,
    places: Places,
    /// How many bytes of the stack the front end may use.
    stack: usize,
    /// The size of the source in bytes, as `.pyc` files note it.
    size: usize,
    overview: Overview,
    code: Option<Rc<CodeObject>>,
}

/// What `dis` is to show.
pub use taipan_bytecode::dis::Options as ListingOptions;

impl Program {
    /// Opens a program that is given as text; what it says of an encoding means nothing. The front end uses at most
    /// `stack` bytes of the stack, as far as that can be said.
    pub fn open(text: &str, options: Options, stack: usize) -> Program {
        let source = Source::from_text(text);
        Program::of_text(
            source.text.into_owned(),
            "utf-8".to_owned(),
            text.len(),
            options,
            stack,
        )
    }

    /// Opens a program that is given as the bytes of a file.
    pub fn from_bytes(bytes: &[u8], options: Options, stack: usize) -> Program {
        let source_options = SourceOptions {
            exec: options.mode == Mode::Exec,
            ignore_cookie: false,
            filename: Some(&options.filename),
        };
        match Source::from_bytes(bytes, source_options, no_codecs) {
            Ok(source) => {
                let encoding = source.encoding.unwrap_or_else(|| "utf-8".to_owned());
                let text = source.text.into_owned();
                Program::of_text(text, encoding, bytes.len(), options, stack)
            }
            Err(error) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let encoding = "utf-8".to_owned();
                let mut program = Program::new(text, encoding, bytes.len(), options, stack);
                program.overview.error = Some(match error {
                    SourceError::Syntax(error) => problem::of_source(&program, &error),
                    SourceError::Other(never) => match never {},
                });
                program
            }
        }
    }

    fn new(text: String, encoding: String, size: usize, options: Options, stack: usize) -> Program {
        let places = Places::new(&text);
        let overview = Overview {
            options,
            length: places.length(),
            lines: places.lines(),
            error: None,
            warnings: Vec::new(),
            stages: Vec::new(),
        };
        Program {
            text,
            encoding,
            places,
            stack,
            size,
            overview,
            code: None,
        }
    }

    fn of_text(
        text: String,
        encoding: String,
        size: usize,
        options: Options,
        stack: usize,
    ) -> Program {
        let mut program = Program::new(text, encoding, size, options, stack);
        let mut warnings = Vec::new();
        let mut stages = vec![Stage::Tokens];
        match program.reach(&mut stages, &mut warnings) {
            Ok(code) => {
                stages.extend([Stage::Units, Stage::Code, Stage::Pyc]);
                program.code = Some(code);
            }
            Err(error) => program.overview.error = Some(*error),
        }
        let shown = warnings.iter().map(|w| problem::of_warning(&program, w));
        program.overview.warnings = shown.collect();
        program.overview.stages = stages;
        program
    }

    /// Goes through the stages as far as they come.
    fn reach(
        &self,
        stages: &mut Vec<Stage>,
        warnings: &mut Vec<SyntaxWarning>,
    ) -> Result<Rc<CodeObject>, Box<Problem>> {
        let arena = Arena::new();
        let module = self.parse(&arena, warnings)?;
        stages.push(Stage::Tree);
        // The compiler warns; the stages before it are only tried.
        let optimized = self.preprocess(&arena, module)?;
        stages.push(Stage::Optimized);
        self.symtable(&arena, optimized)?;
        stages.push(Stage::Scopes);
        self.compile(&arena, module, warnings, &mut ())
    }

    /// The source, with its newlines translated.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The options that it was opened with.
    pub fn options(&self) -> &Options {
        &self.overview.options
    }

    /// What is known of it.
    pub fn overview(&self) -> &Overview {
        &self.overview
    }

    /// How many bytes of the stack the front end may use.
    pub(crate) fn stack(&self) -> usize {
        self.stack
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    pub(crate) fn encoding(&self) -> &str {
        &self.encoding
    }

    /// Whether errors show lines of the source as they do for a file that is run.
    pub(crate) fn is_file(&self) -> bool {
        self.options().mode == Mode::Exec
    }

    fn parse<'a>(
        &'a self,
        arena: &'a Arena,
        warnings: &mut Vec<SyntaxWarning>,
    ) -> Result<&'a Mod<'a>, Box<Problem>> {
        let local = 0_u8;
        let here = std::ptr::from_ref(std::hint::black_box(&local)).addr();
        let options = ParseOptions {
            mode: match self.options().mode {
                Mode::Exec => taipan_parser::Mode::File,
                Mode::Single => taipan_parser::Mode::Interactive,
                Mode::Eval => taipan_parser::Mode::Eval,
            },
            from_file: self.is_file(),
            stack_limit: Some(here.saturating_sub(self.stack)),
            ..ParseOptions::default()
        };
        match parse(arena, &self.text, &options, warnings) {
            Ok(module) => Ok(arena.alloc(module)),
            Err(error) => Err(Box::new(problem::of_parser(self, error))),
        }
    }

    fn preprocess<'a>(
        &self,
        arena: &'a Arena,
        module: &'a Mod<'a>,
    ) -> Result<&'a Mod<'a>, Box<Problem>> {
        let wrong = |error| Box::new(problem::of_tree(self, error));
        let future = future_features(module).map_err(|error| wrong(error.bare()))?;
        let options = PreprocessOptions {
            optimize: self.options().optimize,
            features: future.features,
            syntax_check_only: false,
            warnings: false,
            limit: StackLimit::below_here(self.stack),
        };
        preprocess(arena, module, options, &mut Vec::new()).map_err(wrong)
    }

    fn symtable<'a>(
        &self,
        arena: &'a Arena,
        module: &'a Mod<'a>,
    ) -> Result<taipan_symtable::SymbolTable<'a>, Box<Problem>> {
        let wrong =
            |error: taipan_ast::CompileError| Box::new(problem::of_tree(self, error.bare()));
        let options = taipan_symtable::Options {
            future: future_features(module).map_err(wrong)?,
            allow_top_level_await: false,
            limit: StackLimit::below_here(self.stack),
        };
        taipan_symtable::build(arena, module, options).map_err(wrong)
    }

    fn compile<'a>(
        &self,
        arena: &'a Arena,
        module: &'a Mod<'a>,
        warnings: &mut Vec<SyntaxWarning>,
        observer: &mut dyn Observer,
    ) -> Result<Rc<CodeObject>, Box<Problem>> {
        let filename: Rc<Str> = Str::plain(self.options().filename.as_str());
        let options = CompileOptions {
            optimize: self.options().optimize,
            ..CompileOptions::new(filename, StackLimit::below_here(self.stack))
        };
        match compile_observed(arena, module, &options, warnings, observer) {
            Ok(compiled) => Ok(compiled.code),
            Err(error) => Err(Box::new(problem::of_compiler(self, error))),
        }
    }

    /// Does something with the tree, as parsed or as the compiler reads it.
    fn with_tree<R>(&self, optimized: bool, f: impl FnOnce(&Mod<'_>) -> R) -> Option<R> {
        let arena = Arena::new();
        let mut module = self.parse(&arena, &mut Vec::new()).ok()?;
        if optimized {
            module = self.preprocess(&arena, module).ok()?;
        }
        Some(f(module))
    }

    /// The tokens.
    pub fn tokens(&self) -> Tokens {
        tokens::tokens(self)
    }

    /// The syntax tree as it was parsed, or as the compiler reads it; `None` if the program does not come so far.
    pub fn tree(&self, optimized: bool) -> Option<Tree> {
        self.with_tree(optimized, |module| tree::rows(self, module))
    }

    /// The text of a syntax tree.
    pub fn tree_text(&self, optimized: bool) -> Option<TreeText> {
        self.with_tree(optimized, |module| tree::text(self, module))
    }

    /// The symbol tables.
    pub fn scopes(&self) -> Option<Scopes> {
        let arena = Arena::new();
        let module = self.parse(&arena, &mut Vec::new()).ok()?;
        let table = self.symtable(&arena, module).ok()?;
        Some(scopes::scopes(self, module, &table))
    }

    /// The compiler's instructions before and after optimization.
    pub fn units(&self) -> Option<Units> {
        let arena = Arena::new();
        let module = self.parse(&arena, &mut Vec::new()).ok()?;
        let mut watch = Watch::default();
        let code = self.compile(&arena, module, &mut Vec::new(), &mut watch);
        let codes = codes::preorder(&code.ok()?);
        Some(units::units(self, &watch, &codes))
    }

    /// The code objects.
    pub fn code(&self) -> Option<Codes> {
        Some(codes::codes(self, self.code.as_ref()?))
    }

    /// What `dis` prints.
    pub fn listing(&self, options: &ListingOptions) -> Option<Listing> {
        Some(listing::listing(self.code.as_ref()?, options))
    }

    /// The `.pyc`.
    pub fn pyc(&self) -> Option<Pyc> {
        pyc::pyc(self.code.as_ref()?, self.options().mtime, self.size)
    }

    /// A stage as text; `None` if the program does not come so far.
    pub fn stage_text(&self, kind: TextKind) -> Option<String> {
        let caches = |show_caches| ListingOptions {
            show_caches,
            ..ListingOptions::default()
        };
        Some(match kind {
            TextKind::Tokens => tokens::text(&self.tokens()),
            TextKind::Ast => self.tree_text(false)?.text,
            TextKind::AstOptimized => self.tree_text(true)?.text,
            TextKind::Scopes => scopes::text(&self.scopes()?),
            TextKind::Units => units::text(&self.units()?),
            TextKind::Dis => self.listing(&caches(false))?.text,
            TextKind::DisCaches => self.listing(&caches(true))?.text,
            TextKind::Pyc => pyc::text(self.code.as_ref()?, self.options().mtime, self.size)?,
        })
    }

    /// The stages that were asked for, as far as the program comes.
    pub fn analysis(&self, wanted: &[Stage]) -> Analysis {
        let wants = |stage| wanted.contains(&stage);
        Analysis {
            overview: self.overview.clone(),
            tokens: wants(Stage::Tokens).then(|| self.tokens()),
            tree: wants(Stage::Tree).then(|| self.tree(false)).flatten(),
            tree_text: wants(Stage::Tree).then(|| self.tree_text(false)).flatten(),
            optimized: wants(Stage::Optimized).then(|| self.tree(true)).flatten(),
            optimized_text: wants(Stage::Optimized)
                .then(|| self.tree_text(true))
                .flatten(),
            scopes: wants(Stage::Scopes).then(|| self.scopes()).flatten(),
            units: wants(Stage::Units).then(|| self.units()).flatten(),
            code: wants(Stage::Code).then(|| self.code()).flatten(),
            listing: wants(Stage::Code)
                .then(|| self.listing(&ListingOptions::default()))
                .flatten(),
            pyc: wants(Stage::Pyc).then(|| self.pyc()).flatten(),
        }
    }
}
