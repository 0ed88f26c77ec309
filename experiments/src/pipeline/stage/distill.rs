//! Third stage: put the policy into a table.

use offhook_env::batch::CallBatch;
use offhook_env::policy::Policy;
use offhook_policy::distill::{DistillConfig, distill};
use offhook_table::{DecisionTable, Traffic};

use crate::error::Failure;
use crate::pipeline::metrics::{self, Row};
use crate::pipeline::provenance;
use crate::pipeline::seed::SeedRun;
use crate::policies::{self, table_layout};

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
        self.announce(STAGE, config.rounds, 0);
        let scenario = &*self.loaded.world.scenario;
        let mut env = CallBatch::new(self.loaded.world.clone(), config.n_calls, 0);
        let (rules, masks) = crate::command::table::constraints(scenario);
        let distilled = distill(
            &mut env,
            policy,
            &rules,
            &masks,
            config,
            self.seed,
            &mut |_| self.bar.inc(1),
        )?;
        let close = scenario.layout.action("close").unwrap_or(0);
        let layout = table_layout(scenario)?;
        let mut traffic = Traffic::new(&layout);
        for codes in distilled.visits.codes.chunks_exact(layout.features().len()) {
            traffic.record(codes);
        }
        let table = DecisionTable::new(
            &scenario.name,
            layout,
            distilled.rules,
            close,
            provenance::made(self.config, self.dir.manifest(), self.seed),
        )?
        .with_traffic(traffic)?;
        let mut rows = Vec::new();
        for (round, figures) in distilled.rounds.iter().enumerate() {
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
