//! What breaks, one thing after the other, and is mended again.

use std::time::Duration;

use super::World;
use super::link::{Link, Weather};
use super::replica::Replica;
use crate::torture::people::town::Town;

impl World {
    /// Breaks things until it is over; then everything is whole.
    pub(crate) async fn go_wrong(&mut self, town: &Town) {
        while !town.is_over() {
            self.rest(200, 1200).await;
            let which = self.dice.below(super::REPLICAS.into()) as usize;
            match self.dice.below(100) {
                0..30 => self.be_slow(town).await,
                30..45 => self.kill_replica(town, which).await,
                45..58 => self.freeze_replica(town, which).await,
                58..66 => self.kill_postgres(town).await,
                66..74 => self.kill_redis(town).await,
                74..84 => self.reset(town).await,
                84..93 => self.spoil(town, Weather::Cut).await,
                _ => self.spoil(town, Weather::Silent).await,
            }
        }
        self.clear_up();
    }

    async fn rest(&self, least: u32, most: u32) {
        tokio::time::sleep(Duration::from_millis(self.dice.between(least, most).into())).await;
    }

    /// The ways to PostgreSQL are slow now and then: between what a replica reads and what it writes there is time for
    /// somebody else's order.
    async fn be_slow(&self, town: &Town) {
        let of_hundred = self.dice.between(10, 60);
        let up_to = Duration::from_millis(self.dice.between(20, 300).into());
        town.recorder.fault(format!(
            "the ways to PostgreSQL are slow: {of_hundred} of 100 pieces by {up_to:?} at most"
        ));
        for replica in &self.replicas {
            replica.store.weather(Weather::Slow { of_hundred, up_to });
        }
        self.rest(1500, 5000).await;
        self.mend(town);
    }

    async fn kill_replica(&mut self, town: &Town, which: usize) {
        town.recorder.fault(format!("replica {which} is killed"));
        self.replicas[which].kill();
        self.rest(0, 1500).await;
        self.replicas[which].start().await;
        town.recorder.fault(format!("replica {which} is there again"));
    }

    /// It stands still in the middle of what it does, and goes on late as if nothing had been.
    async fn freeze_replica(&self, town: &Town, which: usize) {
        town.recorder.fault(format!("replica {which} stands still"));
        self.replicas[which].freeze();
        self.rest(200, 5000).await;
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
        let link = self.some_link();
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
        self.mend(town);
    }

    fn some_link(&self) -> Link {
        let links = self.links();
        links[self.dice.below(u32::try_from(links.len()).unwrap()) as usize].clone()
    }

    fn links(&self) -> Vec<&Link> {
        self.replicas.iter().flat_map(Replica::links).chain([&self.office]).collect()
    }

    fn mend(&self, town: &Town) {
        self.clear_up();
        town.recorder.fault("every link is whole");
    }

    fn clear_up(&self) {
        self.links().iter().for_each(|link| link.weather(Weather::Clear));
    }
}
