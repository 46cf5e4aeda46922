//! A list that grows at its end and is seldom cut, as logs are.
//!
//! What fills a stretch is shared by all copies: a copy, as keyframes need, takes a pointer for each
//! stretch and the few items after them, however long the list is.

use std::ops::Index;
use std::sync::Arc;

/// How many items a stretch has.
const STRETCH: usize = 64;

/// A list whose copies share almost all of it.
#[derive(Clone, Debug)]
pub struct Trail<T> {
    /// Stretches that are full.
    full: Vec<Arc<[T]>>,
    /// What comes after them, less than a stretch.
    tail: Vec<T>,
    /// How many items at the beginning are gone, less than a stretch.
    gone: usize,
}

impl<T> Default for Trail<T> {
    fn default() -> Self {
        Self { full: Vec::new(), tail: Vec::new(), gone: 0 }
    }
}

impl<T> Trail<T> {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.full.len() * STRETCH + self.tail.len() - self.gone
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at a place, from 0.
    pub fn get(&self, place: usize) -> Option<&T> {
        let place = place.checked_add(self.gone)?;
        match self.full.get(place / STRETCH) {
            Some(stretch) => Some(&stretch[place % STRETCH]),
            None => self.tail.get(place - self.full.len() * STRETCH),
        }
    }

    /// The last item.
    pub fn last(&self) -> Option<&T> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All items, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        (0..self.len()).map(|place| &self[place])
    }

    /// About how many bytes a copy takes, without what copies share.
    pub fn weight(&self) -> usize {
        self.full.len() * size_of::<Arc<[T]>>() + self.tail.len() * size_of::<T>()
    }

    /// Adds an item at the end.
    pub fn push(&mut self, item: T) {
        self.tail.push(item);
        if self.tail.len() == STRETCH {
            let full = std::mem::replace(&mut self.tail, Vec::with_capacity(STRETCH));
            self.full.push(full.into());
        }
    }
}

impl<T: Clone> Trail<T> {
    /// Puts another item at a place.
    ///
    /// # Panics
    /// When there is none.
    pub fn set(&mut self, place: usize, item: T) {
        let place = place + self.gone;
        let after = self.full.len() * STRETCH;
        match self.full.get_mut(place / STRETCH) {
            Some(stretch) => Arc::make_mut(stretch)[place % STRETCH] = item,
            None => self.tail[place - after] = item,
        }
    }

    /// Takes away all items from a place on.
    pub fn truncate(&mut self, place: usize) {
        let place = place + self.gone;
        if place < self.full.len() * STRETCH {
            self.tail = self.full[place / STRETCH][..place % STRETCH].to_vec();
            self.full.truncate(place / STRETCH);
        } else {
            self.tail.truncate(place - self.full.len() * STRETCH);
        }
    }

    /// Takes away so many items at the beginning.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn forget(&mut self, items: usize) {
        assert!(items <= self.len(), "{items} of {} items cannot be forgotten", self.len());
        self.gone += items;
        let stretches = (self.gone / STRETCH).min(self.full.len());
        self.full.drain(..stretches);
        self.gone -= stretches * STRETCH;
        if self.full.is_empty() {
            self.tail.drain(..std::mem::take(&mut self.gone));
        }
    }
}

impl<T> Index<usize> for Trail<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        self.get(place).expect("the place is in the list")
    }
}

impl<T: PartialEq> PartialEq for Trail<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Trail<T> {}
