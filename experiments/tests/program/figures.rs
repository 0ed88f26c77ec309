//! Figures that are quoted: every number of a committed `summary.txt` or of a README's table is that of the
//! `summary.csv` which the same run has written, at the precision that is printed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A line of `summary.csv`: value, low and high, empty where not measured.
type Numbers = [Option<f64>; 3];

/// A committed run: what it printed, and what it wrote.
struct Reference {
    name: String,
    printed: String,
    /// By policy and metric.
    written: BTreeMap<(String, String), Numbers>,
    n_seeds: String,
    n_calls: String,
}

/// A number somewhere in a text, and the line of `summary.csv` that it is from.
struct Quote {
    policy: String,
    metric: String,
    cell: String,
}

impl Quote {
    fn new(policy: &str, metric: &str, cell: &str) -> Self {
        let [policy, metric, cell] = [policy, metric, cell].map(str::to_owned);
        Self {
            policy,
            metric,
            cell,
        }
    }
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the workspace").to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

impl Reference {
    /// The run `results/reference/<name>`.
    fn load(name: &str) -> Self {
        let folder = root().join("results/reference").join(name);
        let path = folder.join("summary.csv");
        let mut reader = csv::Reader::from_path(&path).expect("it is there");
        let mut written = BTreeMap::new();
        let mut n = (String::new(), String::new());
        for row in reader.records() {
            let row = row.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let number = |cell: &str| {
                (!cell.is_empty()).then(|| cell.parse().expect("a number or an empty cell"))
            };
            let key = (row[0].to_owned(), row[1].to_owned());
            let numbers = [2, 3, 4].map(|column| number(&row[column]));
            assert!(
                written.insert(key, numbers).is_none(),
                "{name}: twice {row:?}"
            );
            n = (row[6].to_owned(), row[7].to_owned());
        }
        Self {
            name: name.to_owned(),
            printed: read(&folder.join("summary.txt")),
            written,
            n_seeds: n.0,
            n_calls: n.1,
        }
    }

    /// Every run that is committed.
    fn all() -> Vec<Self> {
        let folder = root().join("results/reference");
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().join("summary.csv").is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.iter().map(|name| Self::load(name)).collect()
    }

    /// Rules of the exported table, as printed.
    fn n_rules_exported(&self) -> &str {
        fn rules(line: &str) -> Option<&str> {
            let (rules, rest) = line
                .strip_prefix("table: ")?
                .split_once(" rules by seed, ")?;
            let (number, _) = rest.strip_prefix("exported is number ")?.split_once(';')?;
            rules.split(", ").nth(number.parse::<usize>().ok()? - 1)
        }
        let mut lines = self.printed.lines();
        lines.find_map(rules).expect("a line speaks of the table")
    }

    #[track_caller]
    fn check(&self, quote: &Quote, place: &str) {
        let Quote {
            policy,
            metric,
            cell,
        } = quote;
        let found = self.written.get(&(policy.clone(), metric.clone()));
        let found = found.unwrap_or_else(|| {
            let name = &self.name;
            panic!("{place} quotes {metric} of {policy}, which {name}/summary.csv lacks")
        });
        let expected = shown(cell, found);
        let name = &self.name;
        assert_eq!(
            cell, &expected,
            "{place}: {metric} of {policy} is not that of {name}/summary.csv"
        );
    }
}

/// The numbers in the form of `cell`: as many decimals, in percent if it is, with interval if it has one.
fn shown(cell: &str, [value, low, high]: &Numbers) -> String {
    let percent = cell.contains('%');
    let digits = cell.split([' ', ',']).next().unwrap_or_default();
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
    let number = |value: &Option<f64>| {
        let scaled = value.expect("what is shown was measured") * if percent { 100.0 } else { 1.0 };
        let text = format!("{scaled:.decimals$}");
        match text.strip_prefix('-') {
            Some(digits) if digits.chars().all(|c| "0.".contains(c)) => digits.to_owned(),
            _ => text,
        }
    };
    let mut text = number(value);
    if percent {
        text += " %";
    }
    if cell.contains('[') {
        text += &format!(" [{}, {}]", number(low), number(high));
    }
    text
}

/// The cells of a line: two spaces or more stand between them.
fn cells(line: &str) -> Vec<&str> {
    let cells = line.split("  ").map(str::trim);
    cells.filter(|cell| !cell.is_empty()).collect()
}

/// Every number in the tables that `offhook run` prints.
fn quotes(printed: &str) -> Vec<Quote> {
    let mut quotes = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    for line in printed.lines() {
        let found = cells(line);
        match found.first() {
            Some(&("policy" | "predictor" | "paired difference" | "calls that end")) => {
                columns = found;
            }
            Some(first) if first.contains(" bound, ") => columns = found,
            Some(&row) if found.len() > 1 && !columns.is_empty() => {
                let quoted = columns.iter().zip(&found).skip(1);
                let quoted = quoted.filter(|(_, cell)| **cell != "no room seen");
                let is_outcome = columns[0] == "calls that end";
                quotes.extend(quoted.map(|(column, cell)| match is_outcome {
                    true => {
                        let outcome = format!("outcome/{}", row.replace(' ', "_"));
                        Quote::new(column, &outcome, cell)
                    }
                    false => quote(row, column, cell),
                }));
            }
            _ => columns.clear(),
        }
    }
    quotes
}

/// Which line of `summary.csv` a cell of a printed table is from.
fn quote(row: &str, column: &str, cell: &str) -> Quote {
    if row.ends_with(" of privileged") || row.ends_with(" of information_set") {
        return Quote::new(row, &format!("{column}_gap_closed"), cell);
    }
    Quote::new(row, &column.replace(' ', "_"), cell)
}

/// The blocks of a README that show what `offhook run` prints: the run, and the lines that are shown.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_open = false;
        } else if let Some(command) = line.strip_prefix("$ ") {
            let run = command
                .split_once("-- run")
                .or(command.split_once("offhook run"));
            is_open = run.is_some();
            blocks.extend(run.map(|(_, name)| (name.trim(), Vec::new())));
        } else if let Some((_, lines)) = blocks.last_mut().filter(|_| is_open && line != "...") {
            lines.push(line);
        }
    }
    blocks
}

/// The rows of a README's table that has `column`, each under its head.
fn rows<'a>(text: &'a str, column: &str) -> Vec<BTreeMap<&'a str, &'a str>> {
    let cells = |line: &'a str| -> Option<Vec<&'a str>> {
        let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(inner.split(" | ").collect())
    };
    let mut lines = text.lines();
    let mut tables = lines.by_ref().filter_map(cells);
    let head = tables
        .find(|head| head.contains(&column))
        .unwrap_or_else(|| panic!("no table has the column `{column}`"));
    let rows = lines.skip(1).map_while(cells);
    rows.map(|row| head.iter().copied().zip(row).collect())
        .collect()
}

/// The committed run of a kind of call, with ten seeds.
fn of_kind(row: &BTreeMap<&str, &str>) -> Reference {
    Reference::load(row["kind of call"].trim_matches('`'))
}

/// The columns of the first README's table, which has one row a scenario: policy and metric of each.
const GLANCE: [(&str, &str, &str); 5] = [
    ("script", "script", "completion"),
    ("learned", "reinforcement", "completion"),
    ("table", "table", "completion"),
    ("harms, script", "script", "harms"),
    ("harms, table", "table", "harms"),
];

#[test]
fn what_a_run_printed_is_what_it_wrote() {
    for run in Reference::all() {
        let place = format!("{}/summary.txt", run.name);
        let quotes = quotes(&run.printed);
        assert!(quotes.len() >= 9, "{place}: {} numbers", quotes.len());
        for quote in quotes {
            run.check(&quote, &place);
        }
    }
}

#[test]
fn what_a_run_printed_says_on_how_many_calls() {
    for run in Reference::all() {
        let first = run.printed.lines().next().expect("a line");
        let (n_seeds, n_calls) = (&run.n_seeds, &run.n_calls);
        let trained = format!(": {n_seeds} training seeds, {n_calls} held-out calls per policy");
        let predicted = first.contains(&format!("; {n_calls} calls, "))
            && first.ends_with(&format!(", {n_seeds} splits"));
        assert!(
            first.contains(&trained) || predicted,
            "{}: {first}",
            run.name
        );
    }
}

#[test]
fn the_readmes_quote_lines_that_a_run_printed() {
    for file in ["README.md", "results/README.md"] {
        let text = read(&root().join(file));
        let blocks = blocks(&text);
        assert!(!blocks.is_empty(), "{file} quotes no run");
        for (name, lines) in blocks {
            let name = if name.is_empty() { "quickstart" } else { name };
            let printed = Reference::load(name).printed;
            for line in lines {
                let found = printed.lines().any(|printed| printed == line);
                assert!(found, "{file}: `offhook run {name}` does not print\n{line}");
            }
        }
    }
}

#[test]
fn the_readme_has_one_row_of_true_figures_for_each_kind_of_call() {
    let text = read(&root().join("README.md"));
    let rows = rows(&text, "learned");
    assert_eq!(rows.len(), 7);
    for row in rows {
        let run = of_kind(&row);
        for (column, policy, metric) in GLANCE {
            run.check(&Quote::new(policy, metric, row[column]), "README.md");
        }
        assert_eq!(row["rules"], run.n_rules_exported(), "{}", run.name);
    }
}

#[test]
fn the_results_have_one_row_of_true_figures_for_each_policy() {
    let text = read(&root().join("results/README.md"));
    let rows = rows(&text, "policy");
    assert_eq!(rows.len(), 21);
    for row in rows {
        let run = of_kind(&row);
        for metric in [
            "completion",
            "completion_attainable",
            "satisfied",
            "hang_up",
            "return",
            "harms",
        ] {
            let quote = Quote::new(row["policy"], metric, row[metric]);
            run.check(&quote, "results/README.md");
        }
    }
}

#[test]
fn no_policy_of_a_committed_run_broke_a_rule() {
    for run in Reference::all() {
        for ((policy, metric), [value, ..]) in &run.written {
            let broken = metric == "rules_broken" && *value != Some(0.0);
            assert!(!broken, "{}: {policy} broke {value:?} rules", run.name);
        }
    }
}
