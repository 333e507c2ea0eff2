//! What functions leave on the stack: their variables stay there, readable, until something else is put over them.
//!
//! Optimized code moves values through registers and temporary places of its own choice, so that wiping variables does not
//! reach all of them. What does is overwriting the part of the stack that was used: after the work, from the place where it
//! was begun. It costs about two microseconds, and nothing in a process that never held a secret.

use std::{
    hint::black_box,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
};

/// How far below its caller the stack is overwritten. Threads of `aside` were seen to use 64 KiB at most; code that is not
/// optimized uses several times as much.
const DEPTH: usize = if cfg!(debug_assertions) { 512 * 1024 } else { 96 * 1024 };

/// Whether there was ever a secret in this process.
static USED: AtomicBool = AtomicBool::new(false);

/// There is a secret from now on.
pub(crate) fn mark() {
    USED.store(true, Ordering::Relaxed);
}

/// Overwrites what was left on the stack of this thread by functions that have returned. To be called where a thread has done its
/// work: as a runtime's hook before a thread sleeps.
pub fn wipe() {
    if USED.load(Ordering::Relaxed) {
        overwrite();
    }
}

#[inline(never)]
fn overwrite() {
    // The array lies where the functions that were called from here before had their variables.
    let mut below = [0_u8; DEPTH];
    zeroize::optimization_barrier(&below);
    black_box(&mut below);
}

/// Does `work`, which may use secrets, and leaves nothing of it on the stack. For threads that a runtime's hook does not reach.
pub fn clean<T>(work: impl FnOnce() -> T) -> T {
    let done = apart(work);
    wipe();
    done
}

/// So that its variables lie below those of the caller.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// `future`, which may use secrets, leaving nothing on the stack whenever it waits and when it is done. For the thread that
/// drives a runtime, which its hook does not reach.
pub async fn clean_future<F: Future>(future: F) -> F::Output {
    Clean(pin!(future)).await
}

struct Clean<'a, F>(Pin<&'a mut F>);

impl<F: Future> Future for Clean<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        clean(|| self.0.as_mut().poll(context))
    }
}
