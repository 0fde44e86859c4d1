//! The pipeline: everything that must hold, as steps with their times. `cargo xtask` alone says what can be asked for.

use std::process::ExitCode;

use asked::Asked;

mod arrows;
mod asked;
mod circles;
mod dependencies;
mod files;
mod pipeline;
mod scripts;
mod snapshots;
mod source;
mod step;
mod workspace;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(pipeline) = pipeline::all().into_iter().find(|pipeline| pipeline.name == name) else {
        eprint!("{}", pipeline::usage());
        return if matches!(name.as_str(), "" | "help" | "--help" | "-h") {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    };
    match pipeline.chosen(arguments.collect()) {
        Ok((steps, arguments)) => step::run(&steps, &Asked::new(arguments)),
        Err(unknown) => {
            eprintln!("xtask: {unknown:#}");
            ExitCode::from(2)
        }
    }
}
