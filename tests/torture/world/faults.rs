//! What breaks, one thing after the other, and is mended again.

use std::sync::Arc;
use std::time::Duration;

use super::World;
use super::link::{Link, Weather};
use super::replica::Replica;
use crate::receiver::Manner;
use crate::torture::dice::Dice;
use crate::torture::people::town::Town;

impl World {
    /// Breaks things until it is over; then everything is whole.
    pub(crate) async fn go_wrong(&mut self, town: &Arc<Town>) {
        let sky = tokio::spawn(Sky::over(self, town).pass());
        while !town.is_over() {
            self.rest(300, 1800).await;
            let which = self.dice.below(super::REPLICAS.into()) as usize;
            match self.dice.below(100) {
                0..22 => self.kill_replica(town, which).await,
                22..40 => self.freeze_replica(town, which).await,
                40..50 => self.kill_postgres(town).await,
                50..60 => self.kill_redis(town).await,
                60..74 => self.reset(town).await,
                74..84 => self.spoil(town, Weather::Cut).await,
                84..90 => self.spoil(town, Weather::Silent).await,
                _ => self.deafen(town).await,
            }
        }
        sky.await.unwrap();
        self.links().iter().for_each(|link| link.weather(Weather::Clear));
    }

    async fn rest(&self, least: u32, most: u32) {
        tokio::time::sleep(Duration::from_millis(self.dice.between(least, most).into())).await;
    }

    async fn kill_replica(&mut self, town: &Town, which: usize) {
        town.recorder.fault(format!("replica {which} is killed"));
        self.replicas[which].kill();
        self.rest(0, 1500).await;
        self.replicas[which].start().await;
        town.recorder.fault(format!("replica {which} is there again"));
    }

    /// It stands still in the middle of what it does, and goes on late as if nothing had been; now and then others
    /// are no longer those that it spoke with.
    async fn freeze_replica(&mut self, town: &Town, which: usize) {
        town.recorder.fault(format!("replica {which} stands still"));
        self.replicas[which].freeze();
        match self.dice.below(100) {
            0..15 => self.kill_postgres(town).await,
            15..30 => self.kill_redis(town).await,
            _ => self.rest(200, 5000).await,
        }
        self.replicas[which].thaw();
        town.recorder.fault(format!("replica {which} goes on"));
    }

    async fn kill_postgres(&mut self, town: &Town) {
        town.recorder.fault("PostgreSQL is killed");
        self.postgres.kill();
        self.rest(0, 1000).await;
        self.postgres.start_again().await;
        town.recorder.fault("PostgreSQL is there again");
    }

    async fn kill_redis(&mut self, town: &Town) {
        town.recorder.fault("Redis is killed");
        self.redis.kill();
        self.rest(0, 1000).await;
        self.redis.start_again().await;
        town.recorder.fault("Redis is there again, empty");
    }

    /// Every connection of one link, a few times.
    async fn reset(&self, town: &Town) {
        // To the database mostly: a commit on its way has an answer that nobody hears.
        let link = if self.dice.chance(60) {
            self.dice.pick(&self.replicas).store.clone()
        } else {
            self.some_link()
        };
        for _ in 0..self.dice.between(1, 5) {
            town.recorder.fault(format!("{} are reset", link.name));
            link.reset();
            self.rest(0, 300).await;
        }
    }

    async fn spoil(&self, town: &Town, weather: Weather) {
        let link = self.some_link();
        town.recorder.fault(format!("{}: {weather:?}", link.name));
        link.weather(weather);
        self.rest(100, 3000).await;
        link.weather(Weather::Clear);
        town.recorder.fault(format!("{}: whole", link.name));
    }

    /// Relying parties answer their logout tokens by an error, or not at all.
    async fn deafen(&self, town: &Town) {
        town.recorder.fault("relying parties hear nothing");
        self.receiver.behaves(if self.dice.chance(50) { Manner::Answers(503) } else { Manner::Sleeps });
        self.rest(500, 3000).await;
        self.receiver.behaves(Manner::Answers(200));
        town.recorder.fault("relying parties hear");
    }

    fn some_link(&self) -> Link {
        let links = self.links();
        links[self.dice.below(u32::try_from(links.len()).unwrap()) as usize].clone()
    }

    fn links(&self) -> Vec<&Link> {
        self.replicas.iter().flat_map(Replica::links).chain([&self.office]).collect()
    }
}

/// The ways to PostgreSQL, which are slow now and then whatever else breaks: between what a replica reads and what it
/// writes there is time for somebody else's order, and between an order and its acknowledgement for somebody's token.
struct Sky {
    town: Arc<Town>,
    dice: Dice,
    links: Vec<Link>,
}

impl Sky {
    fn over(world: &World, town: &Arc<Town>) -> Self {
        let stores = world.replicas.iter().map(|replica| replica.store.clone());
        let links = stores.chain([world.office.clone()]).collect();
        Self { town: Arc::clone(town), dice: Dice::of(world.seed, 9), links }
    }

    async fn pass(self) {
        while !self.town.is_over() {
            let most = *self.dice.pick(&[20, 60, 150, 300]);
            let slow =
                Weather::Slow { of_hundred: self.dice.between(10, 60), up_to: Duration::from_millis(most) };
            // Now and then one alone, so that others go ahead of it.
            let many = if self.dice.chance(30) { 1 } else { self.links.len() };
            let first = self.dice.below(3) as usize;
            let links = || self.links.iter().cycle().skip(first).take(many);
            self.town.recorder.fault(format!("{many} ways to PostgreSQL: {slow:?}"));
            links().for_each(|link| link.weather(slow));
            tokio::time::sleep(Duration::from_millis(self.dice.between(1000, 4000).into())).await;
            links().for_each(|link| link.weather(Weather::Clear));
            self.town.recorder.fault("the ways to PostgreSQL are fast again");
            tokio::time::sleep(Duration::from_millis(self.dice.between(500, 3000).into())).await;
        }
    }
}
