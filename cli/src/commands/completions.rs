use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, DONE, Outcome};
use crate::show;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry completions bash > /etc/bash_completion.d/belfry
  belfry completions zsh > ~/.zfunc/_belfry
  belfry completions fish > ~/.config/fish/completions/belfry.fish")]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "belfry", &mut script);
    show::line(String::from_utf8_lossy(&script).trim_end())?;
    DONE
}
