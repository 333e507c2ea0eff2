//! Takes secrets out of the process's own environment, so that neither `/proc/PID/environ` nor a child shows them.
//!
//! Which variables hold secrets is said by the caller; what looks like one is found here by shape and by name.

use std::ffi::OsStr;

use zeroize::Zeroizing;

use crate::{Secret, redact};

/// Names of variables whose value has the shape of a provider key, or whose name says that it is one (`…_API_KEY`).
/// Sorted. Names that are not Unicode are left out.
pub fn names_of_keys() -> Vec<String> {
    let all = std::env::vars_os();
    let mut names: Vec<String> = all
        .filter_map(|(name, value)| {
            let value = Zeroizing::new(value.into_encoded_bytes());
            let name = name.into_string().ok()?;
            is_key(&name, &value).then_some(name)
        })
        .collect();
    names.sort();
    names
}

fn is_key(name: &str, value: &[u8]) -> bool {
    let named = name.to_ascii_uppercase().ends_with("_API_KEY");
    // An empty variable is the shell's way to say "not set".
    !value.is_empty() && (named || redact::is_key_shaped(&String::from_utf8_lossy(value)))
}

/// Takes the variable `name` out of the environment: gives its value, overwrites the value where it lies in the process's
/// environment block, and removes the variable. `None` when there is none.
///
/// # Safety
/// No other thread may run: another one could read the environment meanwhile, as many C functions do. Call it at the
/// start of `main`, before any thread is started.
#[expect(unsafe_code, reason = "changing the environment is sound only while the process has one thread")]
pub unsafe fn take(name: &str) -> Option<Secret> {
    // What no variable can be called; the system's functions would panic.
    if name.is_empty() || name.contains(['=', '\0']) {
        return None;
    }
    // SAFETY: the caller promises that nobody else is there.
    let value = unsafe { block::take(name) };
    // SAFETY: the caller promises that nobody else is there.
    unsafe { std::env::remove_var(OsStr::new(name)) };
    value
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the environment block can only be overwritten through its raw pointers")]
mod block {
    use std::ffi::{CStr, c_char};

    use zeroize::Zeroize as _;

    use crate::Secret;

    #[cfg(target_vendor = "apple")]
    unsafe fn first() -> *const *mut c_char {
        unsafe extern "C" {
            fn _NSGetEnviron() -> *const *const *mut c_char;
        }
        // SAFETY: it gives the address of the variable that points to the block.
        unsafe { *_NSGetEnviron() }
    }

    #[cfg(not(target_vendor = "apple"))]
    unsafe fn first() -> *const *mut c_char {
        unsafe extern "C" {
            static environ: *const *mut c_char;
        }
        // SAFETY: the C library's variable; nobody changes it while we read.
        unsafe { environ }
    }

    /// The value of every `name=value` in the block is overwritten; gives the first, which is the one that counts.
    pub(super) unsafe fn take(name: &str) -> Option<Secret> {
        let mut found = None;
        // SAFETY: the caller promises that nobody changes the block meanwhile.
        let mut entry = unsafe { first() };
        // SAFETY: the block is an array of pointers to C strings and ends with a null pointer, or is itself null.
        while !entry.is_null() && !unsafe { *entry }.is_null() {
            // SAFETY: as above.
            let start = unsafe { *entry };
            // SAFETY: as above; the borrow ends before anything is written.
            let text = unsafe { CStr::from_ptr(start) }.to_bytes();
            let value = text.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
            if let Some(length) = value.map(<[u8]>::len) {
                let offset = text.len() - length;
                // SAFETY: the value lies in the process's own, writable block, and nobody else reads it.
                let value = unsafe { std::slice::from_raw_parts_mut(start.add(offset).cast::<u8>(), length) };
                found.get_or_insert_with(|| Secret::of(value));
                value.zeroize();
            }
            // SAFETY: not at the end yet.
            entry = unsafe { entry.add(1) };
        }
        found
    }
}

#[cfg(not(unix))]
#[expect(unsafe_code, reason = "the same contract everywhere")]
mod block {
    use crate::Secret;

    /// The system gives copies of its block only; removing the variable wipes nothing, and children no longer see it.
    pub(super) unsafe fn take(name: &str) -> Option<Secret> {
        #[expect(clippy::disallowed_methods, reason = "takes a secret out of the environment")]
        std::env::var_os(name).map(|value| Secret::new(value.into_encoded_bytes()))
    }
}
