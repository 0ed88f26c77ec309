//! Third stage: put the policy into a table.

use offhook_env::policy::Policy;
use offhook_policy::distill::DistillConfig;
use offhook_table::DecisionTable;

use crate::distillery::distill_table;
use crate::error::Failure;
use crate::pipeline::metrics::{self, Row};
use crate::pipeline::provenance;
use crate::pipeline::seed::SeedRun;
use crate::policies;

const STAGE: &str = "distill";

impl SeedRun<'_> {
    /// Puts the policy into a table, chosen on calls of its own.
    pub(in crate::pipeline) fn distill(
        &self,
        config: &DistillConfig,
        policy: &dyn Policy,
    ) -> Result<(DecisionTable, Vec<Row>), Failure> {
        let path = self.path("table.json");
        if path.is_file() {
            return Ok((
                policies::open_table(&path)?,
                self.stored_rows(STAGE, u64::MAX)?,
            ));
        }
        self.announce(STAGE, config.n_rounds(), 0);
        let world = &self.loaded.world;
        let made = provenance::made(self.config, self.dir.manifest(), self.seed);
        let on_round = &mut |_| self.bar.inc(1);
        let (table, rounds) = distill_table(world, policy, config, self.seed, made, on_round)?;
        let mut rows = Vec::new();
        for (round, figures) in rounds.iter().enumerate() {
            for (metric, value) in figures.named() {
                rows.push(self.row(STAGE, round as u64, 0, metric, value));
            }
        }
        self.dir
            .write(&self.name("distill.csv"), metrics::to_csv(&rows).as_bytes())?;
        self.dir
            .write(&self.name("table.json"), table.to_json().as_bytes())?;
        Ok((table, rows))
    }
}
