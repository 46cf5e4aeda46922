//! The list whose copies share almost all of it does what a plain list does.

use conclave::sim::Trail;
use conclave::sim::rng::Rng;

#[test]
fn a_trail_is_the_list_that_a_vec_would_be_and_so_are_its_copies() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let (mut trail, mut list) = (Trail::default(), Vec::new());
        let mut copies = Vec::new();
        for step in 0..400 {
            match rng.between(0, 9) {
                0 => {
                    let kept = rng.between(0, list.len() as u64) as usize;
                    trail.truncate(kept);
                    list.truncate(kept);
                }
                1 => {
                    let items = rng.between(0, list.len() as u64 / 3) as usize;
                    trail.forget(items);
                    list.drain(..items);
                }
                2 if !list.is_empty() => {
                    let place = rng.between(0, list.len() as u64 - 1) as usize;
                    trail.set(place, step);
                    list[place] = step;
                }
                3 => copies.push((trail.clone(), list.clone())),
                _ => {
                    for item in 0..rng.between(1, 50) {
                        trail.push(item);
                        list.push(item);
                    }
                }
            }
            assert_eq!((trail.len(), trail.last()), (list.len(), list.last()), "seed {seed}");
            assert!(trail.iter().eq(&list), "seed {seed}, step {step}");
            assert_eq!(trail.get(list.len()), None);
        }
        for (trail, list) in copies {
            assert!(trail.iter().eq(&list), "seed {seed}: a copy has changed");
        }
    }
}

#[test]
fn a_copy_of_a_long_trail_is_light() {
    let mut trail = Trail::default();
    (0..100_000_u64).for_each(|item| trail.push(item));
    assert!(trail.clone().weight() < 100_000 * size_of::<u64>() / 20);
}
