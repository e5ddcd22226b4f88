//! Where passwords are hashed: a bounded number of threads, each with memory it keeps, behind two bounded queues.
//!
//! Argon2id (RFC 9106) is what a rush of sign-ins spends its time on. Past the queue a request is told to come back, so
//! that a rush slows down and does not fall over. Where the queue ends is a matter of time, not of number: whoever would
//! wait too long is told at once, and what is hashed is hashed for somebody who still waits. Browsers that signed in
//! before have a queue of their own and one thread that strangers never occupy, so that a stranger who guesses cannot
//! shut anybody out.

mod newcomers;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use thiserror::Error;
use tokio::sync::{Notify, oneshot};
use tracing::Instrument as _;

use crate::domain::secret::{Secret, same_text};
use crate::domain::timestamp::Timestamp;
use crate::flows::hash_pool::newcomers::Newcomers;
use crate::flows::meters::{Counter, Histogram};
use crate::store::clock::Clock;

/// What hashing costs, and how much of it may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashSettings {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes; more than one makes one hash no faster here, as every thread computes one hash.
    pub parallelism: u32,
    /// Threads.
    pub workers: usize,
    /// How many jobs may wait in each of the two queues.
    pub queue: usize,
    /// How long a job may be expected to wait.
    pub longest_wait: Duration,
}

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// A browser that signed in to the account before, or a person whose proof was already verified.
    Known,
    /// Anybody.
    Stranger,
}

/// Why nothing was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HashError {
    /// The queue is full, or too slow: come back later.
    #[error("too many passwords wait to be hashed")]
    Full,
    /// The pool was stopped.
    #[error("the hash pool was stopped")]
    Stopped,
    /// The settings or a stored hash are none that Argon2 accepts.
    #[error("argon2 refused: {0}")]
    Refused(String),
}

/// The threads and their queues. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub struct HashPool {
    shared: Arc<Owner>,
    settings: HashSettings,
    params: Params,
    /// Verified where there is no hash, so that an unknown login costs what a wrong password costs.
    dummy: Secret,
}

/// A place in a queue, taken before anything is booked for the attempt, so that a full queue costs nobody an attempt.
pub struct Place {
    shared: Arc<Shared>,
    guest: Guest,
    used: bool,
}

struct Owner {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    queues: Mutex<Queues>,
    changed: Condvar,
    /// Nobody waits or is hashed for.
    rested: Notify,
    workers: usize,
    queue: usize,
    longest_wait: Duration,
    clock: Clock,
    known: Tally,
    strangers: Tally,
    turned_away: Counter,
}

/// What one queue did to those who came.
#[derive(Default)]
pub struct Tally {
    /// How long they waited for a thread.
    pub waited: Histogram,
    /// How many were told to come back later.
    pub refused: Counter,
}

#[derive(Default)]
struct Queues {
    known: Queue,
    strangers: Queue,
    newcomers: Newcomers,
    /// How many threads work now.
    busy: usize,
    /// How many of them for strangers.
    busy_strangers: usize,
    /// What one job has lately taken a thread.
    work: Duration,
    stopped: bool,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Places that were taken and whose job has not arrived yet.
    reserved: usize,
    /// How long a job has lately waited for each that was before it, whoever else was served meanwhile.
    pace: Duration,
}

/// Answers how to tell whoever waits for it, if anybody still does.
type Work = Box<dyn FnOnce(&mut Vec<Block>) -> Option<Answer> + Send>;
type Answer = Box<dyn FnOnce() + Send>;

struct Job {
    work: Work,
    queued: Timestamp,
    /// How many were before it.
    ahead: u32,
}

/// Waiting included.
fn hashing() -> tracing::Span {
    tracing::info_span!(target: "ecluse::span", "hash password")
}

impl HashPool {
    /// Starts the threads. The clock is for measuring how long jobs wait.
    pub fn start(settings: HashSettings, clock: Clock) -> Result<Self, HashError> {
        let refused = |error: argon2::Error| HashError::Refused(error.to_string());
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, Some(32))
            .map_err(refused)?;
        let dummy = encode(&params, &[0_u8; 16], &[0_u8; 32])?;
        let workers = settings.workers.max(1);
        let shared = Arc::new(Shared {
            queues: Mutex::default(),
            changed: Condvar::new(),
            rested: Notify::new(),
            workers,
            queue: settings.queue.max(1),
            longest_wait: settings.longest_wait,
            clock,
            known: Tally::default(),
            strangers: Tally::default(),
            turned_away: Counter::default(),
        });
        let start = |number: usize| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("hash-{number}")).spawn(move || shared.work())
        };
        let threads = (0..workers).map(start).collect::<Result<Vec<_>, _>>();
        let threads = threads.map_err(|error| HashError::Refused(error.to_string()))?;
        Ok(Self { shared: Arc::new(Owner { shared, threads }), settings, params, dummy })
    }

    /// Takes a place in the queue, unless it has none or would take too long.
    pub fn place(&self, guest: Guest) -> Result<Place, HashError> {
        let shared = &self.shared.shared;
        let mut queues = shared.lock();
        if queues.stopped {
            return Err(HashError::Stopped);
        }
        let full = queues.of(guest).waiting() >= shared.queue
            || shared.wait(&mut queues, guest) > shared.longest_wait;
        if guest == Guest::Stranger {
            queues.newcomers.sent(shared.clock.now(), !full);
        }
        if full {
            shared.tally(guest).refused.add();
            return Err(HashError::Full);
        }
        queues.of(guest).reserved += 1;
        Ok(Place { shared: Arc::clone(shared), guest, used: false })
    }

    /// Somebody comes of whom the browser knows nothing, and would be shown the sign-in page: refuses those who could not
    /// be served once they have typed.
    pub fn admit(&self) -> Result<(), HashError> {
        let shared = &self.shared.shared;
        let mut queues = shared.lock();
        let crowded = queues.strangers.waiting() * 2 >= shared.queue
            || shared.wait(&mut queues, Guest::Stranger) * 2 > shared.longest_wait;
        if queues.newcomers.admit(shared.clock.now(), crowded) {
            return Ok(());
        }
        shared.turned_away.add();
        Err(HashError::Full)
    }

    /// How many were told to come back later before they saw the sign-in page.
    pub fn turned_away(&self) -> &Counter {
        &self.shared.shared.turned_away
    }

    /// How many wait, or have a place to.
    pub fn waiting(&self, guest: Guest) -> usize {
        self.shared.shared.lock().of(guest).waiting()
    }

    /// Returns once nothing is hashed, and nobody waits for it or has a place to.
    pub async fn idle(&self) {
        let shared = &self.shared.shared;
        loop {
            let rested = shared.rested.notified();
            if shared.lock().is_idle() {
                return;
            }
            rested.await;
        }
    }

    /// What the queue did to those who came.
    pub fn tally(&self, guest: Guest) -> &Tally {
        self.shared.shared.tally(guest)
    }

    /// Whether the password is the one of the hash; against the dummy, and then never, where there is no hash.
    pub async fn verify(
        &self,
        place: Place,
        password: Secret,
        phc: Option<&Secret>,
    ) -> Result<bool, HashError> {
        let stored = phc.unwrap_or(&self.dummy).clone();
        let verifying = place.run(move |memory| verify(memory, &password, &stored));
        let matches = verifying.instrument(hashing()).await??;
        Ok(matches && phc.is_some())
    }

    /// Hashes a password under the settings of the day, with a salt of 128 random bits.
    pub async fn hash(&self, place: Place, password: Secret, salt: [u8; 16]) -> Result<Secret, HashError> {
        let params = self.params.clone();
        place
            .run(move |memory| {
                let mut output = [0_u8; 32];
                fill(memory, &params, &password, &salt, &mut output)?;
                encode(&params, &salt, &output)
            })
            .instrument(hashing())
            .await?
    }

    /// Whether a stored hash was made under other settings than today's.
    pub fn is_outdated(&self, phc: &Secret) -> bool {
        PasswordHash::new(phc.expose()).ok().and_then(|hash| Params::try_from(&hash).ok()).is_none_or(
            |params| {
                params.m_cost() != self.settings.memory_kib
                    || params.t_cost() != self.settings.iterations
                    || params.p_cost() != self.settings.parallelism
            },
        )
    }
}

impl Place {
    async fn run<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |memory: &mut Vec<Block>| {
            // Somebody who hung up while waiting is not worth the work.
            if answer.is_closed() {
                return None;
            }
            let done = work(memory);
            let tell = move || {
                let _ = answer.send(done); // whoever hung up meanwhile is not told
            };
            Some(Box::new(tell) as Answer)
        });
        let queued = self.shared.clock.now();
        self.used = true;
        {
            let mut queues = self.shared.lock();
            let queue = queues.of(self.guest);
            queue.reserved -= 1;
            let ahead = u32::try_from(queue.jobs.len()).unwrap_or(u32::MAX);
            queue.jobs.push_back(Job { work, queued, ahead });
        }
        self.shared.changed.notify_one();
        answered.await.map_err(|_| HashError::Stopped)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.used {
            let mut queues = self.shared.lock();
            queues.of(self.guest).reserved -= 1;
            self.shared.rest(&queues);
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Queues {
    const fn of(&mut self, guest: Guest) -> &mut Queue {
        match guest {
            Guest::Known => &mut self.known,
            Guest::Stranger => &mut self.strangers,
        }
    }

    fn is_idle(&self) -> bool {
        self.busy == 0 && self.known.waiting() == 0 && self.strangers.waiting() == 0
    }
}

impl Queue {
    fn waiting(&self) -> usize {
        self.jobs.len() + self.reserved
    }
}

/// What something has lately taken: the latest counts for an eighth.
fn lately(before: Duration, latest: Duration) -> Duration {
    if before.is_zero() { latest } else { (before * 7 + latest) / 8 }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        // Jobs run outside the lock, so a panic cannot leave the queues half changed.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self, guest: Guest) -> &Tally {
        match guest {
            Guest::Known => &self.known,
            Guest::Stranger => &self.strangers,
        }
    }

    /// Tells whoever waits for it that nothing is to be done, if so.
    fn rest(&self, queues: &Queues) {
        if queues.is_idle() {
            self.rested.notify_waiters();
        }
    }

    /// Threads that a guest may have at once.
    fn threads(&self, guest: Guest) -> usize {
        match guest {
            Guest::Known => self.workers,
            Guest::Stranger => self.workers.saturating_sub(1).max(1),
        }
    }

    /// How long the next one is expected to wait. Whoever is the next does not: what was expected is soon forgotten.
    fn wait(&self, queues: &mut Queues, guest: Guest) -> Duration {
        let threads = u32::try_from(self.threads(guest)).unwrap_or(u32::MAX);
        let at_best = queues.work / threads;
        let queue = queues.of(guest);
        let ahead = u32::try_from(queue.waiting()).unwrap_or(u32::MAX);
        queue.pace.max(at_best).saturating_mul(ahead)
    }

    fn work(&self) {
        let mut memory = Vec::new();
        while let Some((job, guest)) = self.next() {
            let began = self.clock.now();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (job.work)(&mut memory)));
            if outcome.is_err() {
                memory = Vec::new();
            }
            let took = self.clock.now().since(began);
            let mut queues = self.lock();
            if matches!(outcome, Ok(Some(_))) {
                queues.work = lately(queues.work, took);
            }
            queues.busy -= 1;
            if guest == Guest::Stranger {
                queues.busy_strangers -= 1;
                self.changed.notify_one();
            }
            self.rest(&queues);
            drop(queues);
            // Whoever is answered finds the thread free and its time counted.
            if let Ok(Some(tell)) = outcome {
                tell();
            }
        }
    }

    /// Takes the first job of a queue, whose wait says how fast the queue is.
    fn begin(&self, queues: &mut Queues, guest: Guest) -> Option<Job> {
        let queue = queues.of(guest);
        let job = queue.jobs.pop_front()?;
        let waited = self.clock.now().since(job.queued);
        queue.pace = lately(queue.pace, waited / job.ahead.saturating_add(1));
        self.tally(guest).waited.observe(waited);
        queues.busy += 1;
        Some(job)
    }

    /// The next job: known guests first; strangers on all threads but one, where there is more than one.
    fn next(&self) -> Option<(Job, Guest)> {
        let mut queues = self.lock();
        loop {
            if queues.stopped {
                return None;
            }
            if let Some(job) = self.begin(&mut queues, Guest::Known) {
                return Some((job, Guest::Known));
            }
            if queues.busy_strangers < self.threads(Guest::Stranger)
                && let Some(job) = self.begin(&mut queues, Guest::Stranger)
            {
                queues.busy_strangers += 1;
                return Some((job, Guest::Stranger));
            }
            queues = self.changed.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn verify(memory: &mut Vec<Block>, password: &Secret, stored: &Secret) -> Result<bool, HashError> {
    let refused = |error: &dyn std::fmt::Display| HashError::Refused(error.to_string());
    let hash = PasswordHash::new(stored.expose()).map_err(|error| refused(&error))?;
    let params = Params::try_from(&hash).map_err(|error| refused(&error))?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
        return Err(HashError::Refused("a stored hash has no salt or no output".to_owned()));
    };
    let mut output = vec![0_u8; expected.as_bytes().len()];
    fill(memory, &params, password, salt.as_ref(), &mut output)?;
    let computed = Output::new(&output).map_err(|error| refused(&error))?;
    Ok(same_text(&computed.to_string(), &expected.to_string()))
}

fn fill(
    memory: &mut Vec<Block>,
    params: &Params,
    password: &Secret,
    salt: &[u8],
    output: &mut [u8],
) -> Result<(), HashError> {
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::default());
    }
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon2
        .hash_password_into_with_memory(
            password.expose().as_bytes(),
            salt,
            output,
            &mut memory[..params.block_count()],
        )
        .map_err(|error| HashError::Refused(error.to_string()))
}

fn encode(params: &Params, salt: &[u8; 16], output: &[u8; 32]) -> Result<Secret, HashError> {
    let refused = |error: &dyn std::fmt::Display| HashError::Refused(error.to_string());
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into().map_err(|error: argon2::password_hash::Error| refused(&error))?,
        salt: Some(Salt::new(salt).map_err(|error| refused(&error))?),
        hash: Some(Output::new(output).map_err(|error| refused(&error))?),
    };
    Ok(Secret::new(hash.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(workers: usize, queue: usize) -> HashPool {
        pool_with(workers, queue, Duration::from_mins(1), Clock::system())
    }

    fn pool_with(workers: usize, queue: usize, longest_wait: Duration, clock: Clock) -> HashPool {
        let settings =
            HashSettings { memory_kib: 64, iterations: 1, parallelism: 1, workers, queue, longest_wait };
        HashPool::start(settings, clock).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_and_no_other() {
        let pool = pool(2, 4);
        let phc = pool.hash(pool.place(Guest::Known).unwrap(), secret("Chat-noir7"), [9; 16]).await.unwrap();
        assert!(phc.expose().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", phc.expose());
        for (typed, right) in [("Chat-noir7", true), ("Chat-noir8", false)] {
            let place = pool.place(Guest::Stranger).unwrap();
            assert_eq!(pool.verify(place, secret(typed), Some(&phc)).await, Ok(right));
        }
        assert!(!pool.is_outdated(&phc));
    }

    #[tokio::test]
    async fn without_a_hash_nothing_matches_not_even_what_the_dummy_was_made_of() {
        let pool = pool(1, 4);
        let place = pool.place(Guest::Stranger).unwrap();
        assert_eq!(pool.verify(place, secret(""), None).await, Ok(false));
    }

    fn is_pending(future: std::pin::Pin<&mut impl Future>) -> bool {
        future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn the_pool_is_idle_once_nobody_has_a_place_or_is_hashed_for() {
        let pool = pool(1, 4);
        pool.idle().await;
        let (kept, used) = (pool.place(Guest::Known).unwrap(), pool.place(Guest::Stranger).unwrap());
        let mut idle = std::pin::pin!(pool.idle());
        assert!(is_pending(idle.as_mut()));
        drop(kept);
        assert!(is_pending(idle.as_mut()), "another place is taken");
        let (begun, begins) = oneshot::channel();
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let job = tokio::spawn(used.run(move |_| {
            begun.send(()).unwrap();
            ends.recv().unwrap();
        }));
        begins.await.unwrap();
        assert!(is_pending(idle.as_mut()), "a password is being hashed");
        end.send(()).unwrap();
        job.await.unwrap().unwrap();
        idle.await;
    }

    #[test]
    fn a_full_queue_of_strangers_leaves_known_browsers_their_places() {
        let pool = pool(1, 2);
        let places: Vec<_> = (0..2).map(|_| pool.place(Guest::Stranger).unwrap()).collect();
        assert!(matches!(pool.place(Guest::Stranger), Err(HashError::Full)));
        assert_eq!((pool.waiting(Guest::Stranger), pool.tally(Guest::Stranger).refused.get()), (2, 1));
        assert!(pool.place(Guest::Known).is_ok());
        drop(places);
        assert!(pool.place(Guest::Stranger).is_ok(), "a place that was not used comes back");
    }
    #[tokio::test]
    async fn whoever_would_wait_too_long_is_told_at_once() {
        let clock = Clock::manual(Timestamp::from_seconds(0));
        let pool = pool_with(2, 100, Duration::from_secs(10), clock.clone());
        let lasting = |guest, seconds| {
            let (place, clock) = (pool.place(guest).unwrap(), clock.clone());
            place.run(move |_| clock.advance(Duration::from_secs(seconds)))
        };
        lasting(Guest::Stranger, 4).await.unwrap();
        // One thread is for strangers, and each takes it 4 seconds: the third would wait for 8, the fourth for 12.
        let places: Vec<_> = (0..3).map(|_| pool.place(Guest::Stranger).unwrap()).collect();
        assert!(matches!(pool.place(Guest::Stranger), Err(HashError::Full)));
        assert_eq!(pool.tally(Guest::Stranger).refused.get(), 1);
        let known: Vec<_> = (0..6).map(|_| pool.place(Guest::Known).unwrap()).collect();
        assert!(
            matches!(pool.place(Guest::Known), Err(HashError::Full)),
            "both threads are for known browsers"
        );
        drop((places, known));
        // A program that stood still for an hour, or a clock that was set, shuts out nobody for long.
        lasting(Guest::Stranger, 3600).await.unwrap();
        for _ in 0..80 {
            lasting(Guest::Stranger, 1).await.unwrap();
        }
        let _first = pool.place(Guest::Stranger).unwrap();
        assert!(pool.place(Guest::Stranger).is_ok());
    }
}
