//! Ports of this machine for whatever the tests start.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below those that the system gives to whoever asks for any, be it a server or one end of a connection: else another
/// test could have one between its choice and the start of the program that it is for.
const FIRST: u32 = 20_000;
const MANY: u32 = 12_000;

/// Whether nobody listens there.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// The first of `many` ports in a row at which nobody listens, and which no other test of this run is given.
pub(crate) fn free_row(many: u32) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Another run of the tests may be looking as well.
    let own = std::process::id() % 1000 * 8;
    loop {
        let base = FIRST + (own + NEXT.fetch_add(many, Ordering::Relaxed)) % MANY;
        let mut row = (base..base + many).map(|port| u16::try_from(port).unwrap());
        if row.all(is_free) {
            return base.try_into().unwrap();
        }
    }
}

/// A port at which nobody listens.
pub(crate) fn free_port() -> u16 {
    free_row(1)
}

/// An address of this machine at which nobody listens, as in `127.0.0.1:20000`.
pub(crate) fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}
