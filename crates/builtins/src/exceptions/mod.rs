//! The exception types: what each adds to its base. The payloads, the table of types and the ways to raise are in
//! `taipan_object::exceptions`.

pub mod base;
pub mod fields;
pub mod group;
pub mod os_error;
pub mod unicode_error;

use taipan_object::{BaseException, ClassPart, FieldException, Payload, TypeSpec, Vm};

use crate::{CoreType, Family};

macro_rules! exceptions {
    ($($name:ident: $payload:ty, $parts:expr, $doc:expr;)*) => {
        /// The exception types with what fills them, in the order of the object crate's table.
        const CORE: &[CoreType] = &[$((
            |vm: &Vm| &*vm.exc().$name,
            {
                static SPEC: TypeSpec = TypeSpec {
                    doc: $doc,
                    parts: $parts,
                    has_dict: true,
                    ..TypeSpec::new(stringify!($name), "builtins", <$payload as Payload>::layout)
                };
                &SPEC
            },
        )),*];
    };
}

const NONE: &[&ClassPart] = &[];

exceptions! {
    BaseException: BaseException, &[&base::BASE_EXCEPTION], Some("Common base of all exceptions");
    Exception: BaseException, NONE, Some("Common base of the exceptions that do not ask the program to end.");
    BaseExceptionGroup: FieldException, group::PARTS, Some("Several exceptions that are raised together.");
    ExceptionGroup: FieldException, NONE, None;
    GeneratorExit: BaseException, NONE, Some("Asks a generator to end.");
    KeyboardInterrupt: BaseException, NONE, Some("The user interrupted the program.");
    SystemExit: FieldException, &[&fields::SYSTEM_EXIT], Some("Asks the interpreter to end.");
    ArithmeticError: BaseException, NONE, Some("Base of arithmetic errors.");
    AssertionError: BaseException, NONE, Some("An assertion does not hold.");
    AttributeError: FieldException, &[&fields::ATTRIBUTE_ERROR], Some("There is no such attribute.");
    BufferError: BaseException, NONE, Some("A buffer cannot be used this way.");
    EOFError: BaseException, NONE, Some("Input ended too early.");
    ImportError: FieldException, &[&fields::IMPORT_ERROR], Some("A module, or a name in it, cannot be imported.");
    LookupError: BaseException, NONE, Some("Base of errors of looking up items.");
    MemoryError: BaseException, NONE, Some("Memory is exhausted.");
    NameError: FieldException, &[&fields::NAME_ERROR], Some("There is no such name.");
    OSError: FieldException, os_error::PARTS, Some("Base of errors of the operating system.");
    ReferenceError: BaseException, NONE, Some("A weak proxy's object is gone.");
    RuntimeError: BaseException, NONE, Some("An error of no more special kind.");
    StopAsyncIteration: BaseException, NONE, Some("The end, from iterator.__anext__().");
    StopIteration: FieldException, &[&fields::STOP_ITERATION], Some("The end, from iterator.__next__().");
    SyntaxError: FieldException, &[&fields::SYNTAX_ERROR], Some("The source is not Python.");
    SystemError: BaseException, NONE, Some("A defect of the interpreter itself.");
    TypeError: BaseException, NONE, Some("An argument has the wrong type.");
    ValueError: BaseException, NONE, Some("An argument has the right type and a wrong value.");
    Warning: BaseException, NONE, Some("Base of the warning categories.");
    FloatingPointError: BaseException, NONE, Some("A floating-point operation failed.");
    OverflowError: BaseException, NONE, Some("The result is too large.");
    ZeroDivisionError: BaseException, NONE, Some("Division or modulo by zero.");
    BytesWarning: BaseException, NONE, Some("Base of warnings about mixing bytes and strings.");
    DeprecationWarning: BaseException, NONE, Some("Base of warnings about what is going away.");
    EncodingWarning: BaseException, NONE, Some("Base of warnings about encodings.");
    FutureWarning: BaseException, NONE, Some("Base of warnings about what will change its meaning.");
    ImportWarning: BaseException, NONE, Some("Base of warnings about likely mistakes in imports.");
    PendingDeprecationWarning: BaseException, NONE, Some("Base of warnings about what will be deprecated.");
    ResourceWarning: BaseException, NONE, Some("Base of warnings about the use of resources.");
    RuntimeWarning: BaseException, NONE, Some("Base of warnings about dubious behaviour.");
    SyntaxWarning: BaseException, NONE, Some("Base of warnings about dubious syntax.");
    UnicodeWarning: BaseException, NONE, Some("Base of warnings about text.");
    UserWarning: BaseException, NONE, Some("Base of warnings that programs issue.");
    BlockingIOError: FieldException, NONE, Some("The operation would block.");
    ChildProcessError: FieldException, NONE, Some("An operation on a child process failed.");
    ConnectionError: FieldException, NONE, Some("Base of errors of connections.");
    BrokenPipeError: FieldException, NONE, Some("The other end is closed.");
    ConnectionAbortedError: FieldException, NONE, Some("The peer aborted the connection.");
    ConnectionRefusedError: FieldException, NONE, Some("The peer refused the connection.");
    ConnectionResetError: FieldException, NONE, Some("The peer reset the connection.");
    FileExistsError: FieldException, NONE, Some("The file exists already.");
    FileNotFoundError: FieldException, NONE, Some("There is no such file.");
    InterruptedError: FieldException, NONE, Some("A signal interrupted the call.");
    IsADirectoryError: FieldException, NONE, Some("This does not work on a directory.");
    NotADirectoryError: FieldException, NONE, Some("This works on directories only.");
    PermissionError: FieldException, NONE, Some("The permissions do not allow this.");
    ProcessLookupError: FieldException, NONE, Some("There is no such process.");
    TimeoutError: FieldException, NONE, Some("It took too long.");
    IndentationError: FieldException, NONE, Some("The indentation is wrong.");
    IncompleteInputError: FieldException, NONE, Some("The source ends too early.");
    IndexError: BaseException, NONE, Some("The index is out of range.");
    KeyError: BaseException, &[&fields::KEY_ERROR], Some("There is no such key.");
    ModuleNotFoundError: FieldException, NONE, Some("There is no such module.");
    NotImplementedError: BaseException, NONE, Some("A method is not there yet.");
    PythonFinalizationError: BaseException, NONE, Some("The interpreter is shutting down.");
    RecursionError: BaseException, NONE, Some("Calls nest too deeply.");
    UnboundLocalError: FieldException, NONE, Some("A local name has no value.");
    UnicodeError: FieldException, NONE, Some("An error about text.");
    UnicodeDecodeError: FieldException, &[&unicode_error::DECODE], Some("Bytes cannot be decoded.");
    UnicodeEncodeError: FieldException, &[&unicode_error::ENCODE], Some("Text cannot be encoded.");
    UnicodeTranslateError: FieldException, &[&unicode_error::TRANSLATE], Some("Text cannot be translated.");
    TabError: FieldException, NONE, Some("Tabs and spaces are mixed.");
}

/// This folder's types.
pub const FAMILY: Family = Family {
    core: CORE,
    types: &[],
    init: None,
};
