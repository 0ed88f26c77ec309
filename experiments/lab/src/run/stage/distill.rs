//! Third stage: put the policy into a table.

use offhook_env::policy::Policy;
use offhook_policy::distill::DistillConfig;
use offhook_table::DecisionTable;

use crate::distill::distill_table;
use crate::error::Failure;
use crate::policies;
use crate::run::metrics::{self, Row, Stage};
use crate::run::provenance;
use crate::run::seed::SeedRun;

const STAGE: Stage = Stage::Distill;
const TABLE: &str = "table.json";
const ROWS: &str = "distill.csv";

impl SeedRun<'_> {
    /// Puts the policy into a table, chosen on calls of its own.
    pub(in crate::run) fn distill(
        &self,
        config: &DistillConfig,
        policy: &dyn Policy,
    ) -> Result<(DecisionTable, Vec<Row>), Failure> {
        let made = provenance::made(self.config, self.dir.manifest(), self.seed);
        if let Some([table, rows]) = self.stored_files(STAGE, [TABLE, ROWS])? {
            let table = policies::table_of(&self.files.path(TABLE), &table)?;
            let rows = self.rows(STAGE, &rows)?;
            // A run that got more seeds since is another one.
            if *table.provenance() == made {
                return Ok((table, rows));
            }
            let table = table.with_provenance(made)?;
            self.files.write(&[(TABLE, table.to_json().as_bytes())])?;
            return Ok((table, rows));
        }
        self.progress.stage(STAGE.name(), config.n_rounds(), 0);
        let world = &self.loaded.world;
        let on_round = &mut |_| self.progress.step();
        let (table, rounds) = distill_table(world, policy, config, self.seed, made, on_round)?;
        let mut rows = Vec::new();
        for (round, figures) in rounds.iter().enumerate() {
            for (metric, value) in figures.named() {
                rows.push(self.row(STAGE, round as u64, 0, metric, value));
            }
        }
        let (csv, json) = (metrics::to_csv(&rows), table.to_json());
        (self.files).write(&[(ROWS, csv.as_bytes()), (TABLE, json.as_bytes())])?;
        Ok((table, rows))
    }
}
