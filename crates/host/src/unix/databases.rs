//! Who answers questions about users, groups, hosts and services.
//!
//! A C library that is part of the executable has the usual sources built in: files, and for hosts DNS. Others that the
//! system's settings name are libraries of the system's C library, and loading them beside another version of it can end a
//! process. So such an executable asks the built-in ones alone.

/// To be called before a question is asked.
#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
pub(super) fn prepare() {
    unsafe extern "C" {
        fn __nss_configure_lookup(
            database: *const libc::c_char,
            sources: *const libc::c_char,
        ) -> libc::c_int;
    }
    const SOURCES: [(&std::ffi::CStr, &std::ffi::CStr); 7] = [
        (c"passwd", c"files"),
        (c"group", c"files"),
        (c"initgroups", c"files"),
        (c"hosts", c"files dns"),
        (c"networks", c"files"),
        (c"protocols", c"files"),
        (c"services", c"files"),
    ];
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        for (database, sources) in SOURCES {
            // SAFETY: NUL-terminated strings, which the call copies what it needs of. Nothing was asked before.
            unsafe { __nss_configure_lookup(database.as_ptr(), sources.as_ptr()) };
        }
    });
}

/// Nothing is to be done: the sources are loaded as the system's settings say.
#[cfg(not(all(target_env = "gnu", target_feature = "crt-static")))]
pub(super) fn prepare() {}
