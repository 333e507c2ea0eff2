//! One page of memory for a short secret: of its own, zeroed at first, kept from swap, core dumps and forks as far as the
//! system lets us, wiped before it goes. The only file that handles such memory; it holds no more than [`LENGTH`] bytes.

use region::{Allocation, LockGuard, Protection};
use zeroize::Zeroize as _;

/// Bytes of the page that are used.
pub(crate) const LENGTH: usize = 32;

/// The page. Moving it moves the address, never the bytes.
pub(crate) struct Page {
    // Unlocked first, then unmapped: fields are dropped in this order.
    lock: Option<LockGuard>,
    memory: Allocation,
}

#[expect(unsafe_code, reason = "the mapping belongs to the page alone, and is reached through borrows of the page")]
// SAFETY: `Allocation` is an address and a size; the mapping is not tied to a thread.
unsafe impl Send for Page {}

#[expect(unsafe_code, reason = "see `Send`")]
// SAFETY: a shared `Page` only gives shared bytes.
unsafe impl Sync for Page {}

impl Page {
    /// A zeroed page. What the system does not grant (locking, no dumps, no inheritance) is left out.
    pub(crate) fn new() -> Self {
        let Ok(memory) = region::alloc(LENGTH, Protection::READ_WRITE) else {
            // As for any other allocation: there is no memory to go on with.
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; LENGTH]>())
        };
        advise(&memory);
        let lock = region::lock(memory.as_ptr::<u8>(), memory.len()).ok();
        Self { lock, memory }
    }

    /// Whether the page stays out of swap.
    pub(crate) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    pub(crate) fn bytes(&self) -> &[u8; LENGTH] {
        #[expect(unsafe_code, reason = "the mapping is at least this long, initialized and lives as long as `self`")]
        // SAFETY: `region::alloc` gave at least LENGTH readable, zeroed bytes; `&self` excludes `bytes_mut`.
        unsafe {
            &*self.memory.as_ptr::<[u8; LENGTH]>()
        }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; LENGTH] {
        #[expect(unsafe_code, reason = "the mapping is at least this long, initialized and lives as long as `self`")]
        // SAFETY: as in `bytes`; the mapping is writable, and `&mut self` makes this the only reference.
        unsafe {
            &mut *self.memory.as_mut_ptr::<[u8; LENGTH]>()
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
    }
}

/// Keeps the page out of core dumps, and out of what a forked child sees.
#[cfg(target_os = "linux")]
fn advise(memory: &Allocation) {
    use rustix::mm::{Advice, madvise};
    for advice in [Advice::LinuxDontDump, Advice::LinuxWipeOnFork] {
        let start = memory.as_ptr::<u8>().cast_mut().cast();
        #[expect(unsafe_code, reason = "advice about a mapping of our own; neither kind changes its content here")]
        // SAFETY: the range is a whole private mapping that nobody else refers to.
        let _best_effort = unsafe { madvise(start, memory.len(), advice) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: &Allocation) {}
