//! A QR code says what its link says, to somebody else's reader.

use conclave::protocols::catalog;
use conclave::scene::export::{Code, MOST_BYTES, code};
use conclave::sim::{Action, Micros, NodeId, Recording};
use rqrr::PreparedImage;

/// How many pixels a module is broad in a photograph of the code.
const PIXELS: usize = 3;

/// The dark modules of a drawing, row by row.
fn modules(code: &Code) -> Vec<Vec<bool>> {
    let size = code.size as usize;
    let mut dark = vec![vec![false; size]; size];
    for run in code.path.split('z').filter(|run| !run.is_empty()) {
        let (at, run) = run.strip_prefix('M').and_then(|run| run.split_once('h')).expect(run);
        let (x, y) = at.split_once(' ').expect(at);
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let (there, back) = run.split_once("v1h-").expect(run);
        assert_eq!(there, back);
        dark[y][x..x + there.parse::<usize>().unwrap()].fill(true);
    }
    dark
}

#[track_caller]
fn assert_read(text: &str) {
    let code = code(text).expect("it is short enough");
    let dark = modules(&code);
    let size = dark.len() * PIXELS;
    let mut image =
        PreparedImage::prepare_from_bitmap(size, size, |x, y| dark[y / PIXELS][x / PIXELS]);
    let grids = image.detect_grids();
    let [grid] = &grids[..] else { panic!("{} codes are seen", grids.len()) };
    let (meta, read) = grid.decode().expect("it can be read");
    assert_eq!(read, text);
    assert_eq!(meta.version.to_size() + 8, dark.len(), "a margin of four modules all around");
}

#[test]
fn the_link_of_a_classroom_run_is_read_from_its_code() {
    let mut lab = catalog::open(Recording::new("raft", 5, 1)).expect("it is in range");
    assert_read(&format!("https://example.org/#run={}", lab.line(false).to_link().unwrap()));
    for second in 0..50 {
        lab.run_until(Micros::from_millis(second * 731), u64::MAX);
        let node = NodeId((second / 2 % 5) as u8);
        let action =
            if second % 2 == 0 { Action::Crash { node } } else { Action::Restart { node } };
        lab.act(action).expect("it was the other way");
    }
    let link = lab.line(false).to_link().unwrap();
    assert!(link.len() > 400, "{link}");
    assert_read(&format!("https://example.org/lab/?lang=zh#run={link}"));
}

#[test]
fn a_code_holds_so_much_and_no_more() {
    let text = |length| "link/".chars().cycle().take(length).collect::<String>();
    for length in [1, 100, 1_000, 2_000, MOST_BYTES] {
        assert_read(&text(length));
    }
    assert_eq!(code(&text(MOST_BYTES + 1)), None);
}
