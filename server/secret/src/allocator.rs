//! The allocator that leaves nothing behind: every block is overwritten, or its pages go back to the system, when it is freed.
//!
//! It covers what Rust code allocates; C libraries (SQLite) and the stack have memory of their own.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, with every block overwritten with zeros before it is freed.
///
/// Growth and shrinking make a new block, copy, and overwrite the old one (the default of [`GlobalAlloc::realloc`]): growth
/// in place would be quicker, but where the system moves a block it leaves the old bytes. On Linux, blocks from 1 MiB are
/// pages of their own instead: freed, they are no longer in the process; grown, they move without being copied. That is as
/// certain, and spares the writing of memory that was perhaps never touched.
#[derive(Debug, Clone, Copy, Default)]
pub struct WipingAllocator;

#[expect(unsafe_code, reason = "an allocator is unsafe to write; this one wipes memory that is about to be freed")]
// SAFETY: a block comes from `pages` or from `System`, as its layout tells, and goes back there with the same layout.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if pages::takes(layout) {
            return pages::map(layout.size());
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if pages::takes(layout) {
            return pages::map(layout.size());
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if pages::takes(layout) {
            // SAFETY: `alloc` or `realloc` mapped a block of this layout, which is nobody's any more.
            return unsafe { pages::unmap(block, layout.size()) };
        }
        // SAFETY: the block is of this layout and nobody's any more, so all of it may be written.
        unsafe { block.write_bytes(0, layout.size()) };
        // The compiler knows that a freed block is not read and would leave the write out; it must believe that this reads it.
        zeroize::optimization_barrier(&block);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `size` is a valid size with this alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if pages::takes(layout) && pages::takes(new) {
            // SAFETY: the block was mapped with this layout, and the caller gives it up for the new one.
            return unsafe { pages::remap(block, layout.size(), size) };
        }
        // SAFETY: the layouts are valid; the old block is as long as `layout` says and is freed after it was copied.
        unsafe {
            let grown = self.alloc(new);
            if !grown.is_null() {
                grown.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            grown
        }
    }
}

/// Large blocks as mappings of their own. A new one is zeroed.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "gives out and takes back mappings")]
mod pages {
    use std::{alloc::Layout, ptr};

    use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap_anonymous, mremap, munmap};

    /// From this size on the system calls are a small part of what filling the block takes.
    const LEAST: usize = 1 << 20;
    /// What every mapping is aligned to, whatever the machine's page size.
    const ALIGNMENT: usize = 4096;

    pub(super) fn takes(layout: Layout) -> bool {
        layout.size() >= LEAST && layout.align() <= ALIGNMENT
    }

    /// Null when there is no memory.
    pub(super) fn map(size: usize) -> *mut u8 {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new private mapping, where the system wants it.
        let mapped = unsafe { mmap_anonymous(ptr::null_mut(), size, protection, MapFlags::PRIVATE) };
        mapped.map_or(ptr::null_mut(), <*mut _>::cast)
    }

    /// # Safety
    /// `block` was mapped with `size` and is not used any more.
    pub(super) unsafe fn unmap(block: *mut u8, size: usize) {
        // SAFETY: the caller's promise.
        let unmapped = unsafe { munmap(block.cast(), size) };
        if unmapped.is_err() {
            // The system can refuse to split a mapping; then the block stays, empty.
            // SAFETY: the block is still there, and nobody's.
            unsafe { block.write_bytes(0, size) };
            zeroize::optimization_barrier(&block);
        }
    }

    /// Null when there is no memory; then the old block stays.
    ///
    /// # Safety
    /// `block` was mapped with `old` and is not used any more at its old place.
    pub(super) unsafe fn remap(block: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        let moved = unsafe { mremap(block.cast(), old, new, MremapFlags::MAYMOVE) };
        moved.map_or(ptr::null_mut(), <*mut _>::cast)
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(unsafe_code, reason = "the same signatures everywhere")]
mod pages {
    use std::alloc::Layout;

    pub(super) fn takes(_: Layout) -> bool {
        false
    }

    pub(super) fn map(_: usize) -> *mut u8 {
        unreachable!("no block is taken")
    }

    pub(super) unsafe fn unmap(_: *mut u8, _: usize) {}

    pub(super) unsafe fn remap(_: *mut u8, _: usize, _: usize) -> *mut u8 {
        unreachable!("no block is taken")
    }
}

#[cfg(test)]
#[expect(unsafe_code, reason = "calls an allocator as collections do")]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn blocks_keep_their_content_however_they_grow_and_shrink() {
        let sizes = [1, 16, 4096, MIB - 1, MIB, MIB + 1, 5 * MIB + 3, 64 * MIB, 2 * MIB, MIB, 100, 3 * MIB, 7];
        for align in [1, 8, 4096, 8192] {
            let mut layout = Layout::from_size_align(sizes[0], align).expect("a layout");
            // SAFETY: every block is used within its layout and freed with it.
            unsafe {
                let mut block = WipingAllocator.alloc(layout);
                block.write(0xa5);
                for (step, &size) in (1_u8..).zip(&sizes[1..]) {
                    let kept = layout.size().min(size) - 1;
                    block.add(kept).write(step);
                    block = WipingAllocator.realloc(block, layout, size);
                    layout = Layout::from_size_align(size, align).expect("a layout");
                    assert!(!block.is_null() && block.addr().is_multiple_of(align), "{size} at {align}");
                    assert_eq!(block.add(kept).read(), step, "{size} at {align}");
                    assert!(kept == 0 || block.read() == 0xa5, "{size} at {align}");
                    block.add(size - 1).write(1);
                    block.write(0xa5);
                }
                WipingAllocator.dealloc(block, layout);
            }
        }
    }

    #[test]
    fn zeroed_blocks_are_zero_after_other_use_of_the_memory() {
        for size in [64, 4096, MIB, 3 * MIB] {
            let layout = Layout::from_size_align(size, 16).expect("a layout");
            // SAFETY: every block is used within its layout and freed with it.
            unsafe {
                let block = WipingAllocator.alloc(layout);
                block.write_bytes(0xff, size);
                WipingAllocator.dealloc(block, layout);
                let block = WipingAllocator.alloc_zeroed(layout);
                assert!(std::slice::from_raw_parts(block, size).iter().all(|byte| *byte == 0), "{size}");
                WipingAllocator.dealloc(block, layout);
            }
        }
    }
}
