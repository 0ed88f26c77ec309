//! `offhook answers`: what calls recorded, counted; once, or again and again as a log grows.

use std::path::PathBuf;

use offhook_lab::answers::{Answers, AnswersPlan, Update, answers, follow};
use offhook_lab::disk::out_file::OutFile;
use offhook_lab::error::Failure;
use offhook_report::answers::{picture, present};
use offhook_report::plot::Drawing;

use crate::cli::AnswersArgs;
use crate::signals;
use crate::terminal::{errln, is_closed, out, outln};

/// Runs the command.
///
/// # Errors
/// If log or run cannot be read, nobody knows the caller feature or a slot, or a file cannot be written.
pub fn run(args: &AnswersArgs) -> Result<(), Failure> {
    if args.calls.is_some() && !args.source.is_dir() {
        return Err(Failure::usage(
            "--calls is for a run, whose policy plays them; a log is counted whole",
        ));
    }
    let plan = AnswersPlan {
        source: args.source.clone(),
        by: args.by.clone(),
        scenario: args.scenario.clone(),
        slots: args.slots.clone(),
        exact: args.exact,
        calibration: args.calibration.clone(),
        calls: args.call_plan(),
    };
    if args.follow {
        return print_updates(args, &plan);
    }
    let out_file = |path: &PathBuf| OutFile {
        path: path.clone(),
        force: args.force,
    };
    let (csv, plot) = (
        args.csv.as_ref().map(out_file),
        args.plot.as_ref().map(out_file),
    );
    for file in csv.iter().chain(&plot) {
        file.check_free()?;
    }
    if let Some(plot) = &plot {
        is_svg(plot)?;
    }
    let found = answers(&plan, signals::watch())?;
    if let Some(file) = csv {
        file.write(found.to_csv().as_bytes())?;
    }
    if let Some(file) = plot {
        file.write(&draw(&found, &file)?)?;
    }
    out!("{}", present(&found).show(args.json));
    Ok(())
}

fn print_updates(args: &AnswersArgs, plan: &AnswersPlan) -> Result<(), Failure> {
    let mut is_first = true;
    follow(plan, signals::watch(), |update| {
        match update {
            Update::Told(text) => errln!("{text}"),
            Update::Answers(found) => {
                if !is_first && !args.json {
                    outln!();
                }
                is_first = false;
                out!("{}", present(&found).show(args.json));
            }
        }
        !is_closed()
    })
}

/// Whether a picture is SVG or PNG, by its name.
fn is_svg(file: &OutFile) -> Result<bool, Failure> {
    let ending = file.path.extension().unwrap_or_default();
    match ending.to_ascii_lowercase().to_str() {
        Some("svg") => Ok(true),
        Some("png") => Ok(false),
        _ => Err(Failure::usage(format!(
            "'{}' is no picture that can be drawn: expected a name that ends in .svg or .png",
            file.path.display()
        ))),
    }
}

fn draw(found: &Answers, file: &OutFile) -> Result<Vec<u8>, Failure> {
    let picture = picture(found);
    Ok(match is_svg(file)? {
        true => picture.svg()?.into_bytes(),
        false => picture.png()?,
    })
}
