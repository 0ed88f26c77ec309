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
            assert!(written.insert(key, numbers).is_none(), "{name}: twice {row:?}");
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
            Some(&("policy" | "predictor" | "paired difference" | "privileged bound")) => {
                columns = found;
            }
            Some(&row) if found.len() > 1 && !columns.is_empty() => {
                let quoted = columns.iter().zip(&found).skip(1);
                quotes.extend(quoted.map(|(column, cell)| quote(row, column, cell)));
            }
            _ => columns.clear(),
        }
    }
    quotes
}

/// Which line of `summary.csv` a cell of a printed table is from.
fn quote(row: &str, column: &str, cell: &str) -> Quote {
    let quote = |policy: &str, metric: &str| Quote {
        policy: policy.to_owned(),
        metric: metric.to_owned(),
        cell: cell.to_owned(),
    };
    let Some((metric, base)) = row.split_once(", planner goes on with the ") else {
        return quote(row, &column.replace(' ', "_"));
    };
    let planner = format!("privileged ({base} goes on)");
    match column {
        "bound" => quote(&planner, metric),
        _ => quote(
            &format!("reinforcement of {planner}"),
            &format!("{metric}_gap_closed"),
        ),
    }
}

/// The rows of a README's tables whose first cell links to the `summary.txt` of a run: the run, and every cell
/// under its head.
fn rows(text: &str) -> Vec<(String, BTreeMap<&str, &str>)> {
    let mut rows = Vec::new();
    let mut head: Vec<&str> = Vec::new();
    for line in text.lines() {
        let Some(inner) = line.strip_prefix('|').and_then(|l| l.strip_suffix('|')) else {
            head.clear();
            continue;
        };
        let found: Vec<&str> = inner.split('|').map(str::trim).collect();
        if head.is_empty() {
            head = found;
        } else if let Some((before, _)) = found[0].split_once("/summary.txt)") {
            let name = before.rsplit(['/', '(']).next().expect("a name");
            rows.push((name.to_owned(), head.iter().copied().zip(found).collect()));
        }
    }
    rows
}

#[test]
fn what_a_run_printed_is_what_it_wrote() {
    let references = Reference::all();
    assert!(references.iter().any(|run| run.name == "quickstart"));
    for run in references {
        let place = format!("{}/summary.txt", run.name);
        let quotes = quotes(&run.printed);
        assert!(quotes.len() >= 9, "{place}: {} numbers", quotes.len());
        for quote in quotes {
            run.check(&quote, &place);
        }
        let first = run.printed.lines().next().expect("a line");
        let on = if run.name == "dstc2" {
            [format!("{} calls, ", run.n_calls), format!("{} splits", run.n_seeds)]
        } else {
            let (n_seeds, n_calls) = (&run.n_seeds, &run.n_calls);
            [format!("{n_seeds} training seed"), format!(", {n_calls} held-out calls")]
        };
        assert!(on.iter().all(|part| first.contains(part)), "{place}: {first}");
    }
}

#[test]
fn blocks_of_the_readmes_are_lines_of_what_a_run_printed() {
    let mut n_blocks = 0;
    for file in ["README.md", "results/README.md"] {
        let text = read(&root().join(file));
        let mut quoted: Option<Reference> = None;
        for line in text.lines() {
            if line.starts_with("```") {
                quoted = None;
            } else if let Some(command) = line.strip_prefix("$ ") {
                let name = command.split_once("-- run").or(command.split_once("offhook run"));
                quoted = name.map(|(_, name)| match name.trim() {
                    "" => Reference::load("quickstart"),
                    name => Reference::load(name),
                });
                n_blocks += usize::from(quoted.is_some());
            } else if let Some(run) = quoted.as_ref().filter(|_| line != "...") {
                let found = run.printed.lines().any(|printed| printed == line);
                assert!(found, "{file}: `offhook run {}` does not print\n{line}", run.name);
            }
        }
    }
    assert!(n_blocks > 0, "no README quotes a run");
}

#[test]
fn tables_of_the_readmes_have_the_figures_of_the_runs_that_they_link_to() {
    // What the columns of the first table are called, and what they are.
    let short = [
        ("script", "script", "completion"),
        ("learned", "reinforcement", "completion"),
        ("table", "table", "completion"),
        ("harms, script", "script", "harms"),
        ("harms, table", "table", "harms"),
    ];
    for (file, at_least) in [("README.md", 6), ("results/README.md", 18)] {
        let text = read(&root().join(file));
        let rows = rows(&text);
        assert!(rows.len() >= at_least, "{file}: {} rows", rows.len());
        for (name, row) in rows {
            let run = Reference::load(&name);
            let quote = |policy: &str, metric: &str, cell: &str| {
                let [policy, metric, cell] = [policy, metric, cell].map(str::to_owned);
                run.check(&Quote { policy, metric, cell }, file);
            };
            if let Some(policy) = row.get("policy") {
                let known = |metric: &str| run.written.keys().any(|(_, known)| known == metric);
                for (metric, cell) in row.iter().filter(|(metric, _)| known(metric)) {
                    quote(policy, metric, cell);
                }
            } else {
                for (column, policy, metric) in short {
                    quote(policy, metric, row[column]);
                }
                let rules = format!("table: {} rules by seed", row["rules by seed"]);
                assert!(run.printed.contains(&rules), "{file}: {name} has not {rules}");
            }
        }
    }
}
