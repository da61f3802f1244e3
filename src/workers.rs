//! Work that several threads share: a list goes in, what became of each item comes out, in the same order.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::{self, ScopedJoinHandle};

/// As much stack as the main thread has.
const STACK_BYTES: usize = 8 << 20;

/// Does the same to each item, on as many threads as there are processors. Which thread does what changes nothing.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let Some((index, item)) = claim(items, &next) {
            done.push((index, work(item)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let start = |_| thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, take);
        let helpers: Vec<_> = (1..threads).map(start).collect();
        let mut done = take();
        for helper in helpers.into_iter().flatten() {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Does two things at once, the first on a thread of its own if there can be one.
pub fn both<A: Send, B>(aside: impl Fn() -> A + Sync, here: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let helper = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, &aside);
        let here = here();
        let aside = match helper.map(ScopedJoinHandle::join) {
            Ok(Ok(aside)) => aside,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => aside(),
        };
        (aside, here)
    })
}

/// How many items go from one thread to the other at once.
const PORTION: usize = 1 << 10;

/// How many portions wait at most, since nobody shall hold a million items.
const WAITING: usize = 1 << 6;

/// Makes items on a thread of its own, if there can be one, while somebody takes them here, in their order. It stops making
/// them once nobody takes them any more.
pub fn made_aside<I: Iterator<Item: Send>, R>(
    items: impl Fn() -> I + Sync,
    take: impl FnOnce(&mut dyn Iterator<Item = I::Item>) -> R,
) -> R {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Vec<I::Item>>(WAITING);
        let make = || {
            let (sender, mut items) = (sender, items());
            loop {
                let portion: Vec<I::Item> = items.by_ref().take(PORTION).collect();
                if portion.is_empty() || sender.send(portion).is_err() {
                    break;
                }
            }
        };
        match thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, make) {
            Ok(_) => take(&mut receiver.into_iter().flatten()),
            Err(_) => take(&mut items()),
        }
    })
}

/// Lets go of something large that nobody waits for. What the program still frees when it ends is freed by its end.
pub fn let_go<T: Send + 'static>(what: T) {
    // Without a thread it is dropped here.
    let _ = thread::Builder::new().spawn(move || drop(what));
}

/// The next item that nobody has taken.
fn claim<'i, T>(items: &'i [T], next: &AtomicUsize) -> Option<(usize, &'i T)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    items.get(index).map(|item| (index, item))
}

#[cfg(test)]
mod tests {
    use super::{both, each, made_aside};

    #[test]
    fn what_comes_out_stands_as_it_went_in() {
        let numbers: Vec<usize> = (0..1000).collect();
        let squares: Vec<usize> = numbers.iter().map(|number| number * number).collect();
        assert_eq!(each(&numbers, |number| number * number), squares);
        assert_eq!(each(&[7], |number| number + 1), [8]);
        assert!(each(&[], |number: &usize| *number).is_empty());
    }

    #[test]
    fn what_is_made_aside_comes_in_its_order_and_as_far_as_somebody_takes_it() {
        let squares = || (0..200_000_u64).map(|number| number * number);
        assert!(made_aside(squares, |made| made.eq(squares())));
        assert_eq!(made_aside(squares, |made| made.nth(3)), Some(9));
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
