//! Import of schedules from Python files: Celery beat's and Airflow's.

use belfry_domain::Timestamp;
use chrono::Utc;
use clap::Args;

use super::{Conversion, Global, Kind, Outcome};
use crate::import::{Translation, airflow, celery};

const CELERY: Kind = Kind {
    name: "celery",
    plural: "files",
    remark: "each job puts its task into the queue of Celery; Celery runs the task",
};
const AIRFLOW: Kind =
    Kind { name: "airflow", plural: "files", remark: "each job triggers its DAG; Airflow runs the tasks" };

/// Convert the schedule of Celery beat into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry import celery proj/celery.py --app proj --output jobs.yaml

The file is read, never run. Literal entries of beat_schedule become jobs that run `celery call`
for the task. The report lists computed entries with their lines.")]
pub struct CeleryArgs {
    #[command(flatten)]
    files: Conversion,
    /// Name of the application, as for `celery --app`
    #[arg(long, value_name = "NAME")]
    app: String,
    /// Time zone of the schedules [default: the zone in the file, else UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
}

/// Convert the schedules of Airflow DAGs into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry import airflow dags --output jobs.yaml

The files are read, never run. A DAG with a literal schedule becomes a job that triggers the DAG.
The report lists computed schedules with their lines. Set schedule=None in such DAGs, or they run
twice.")]
pub struct AirflowArgs {
    #[command(flatten)]
    files: Conversion,
}

pub async fn celery(args: CeleryArgs, global: &Global) -> Outcome {
    let prefix = args.files.prefix.clone();
    let options = celery::Options { prefix, app: args.app.clone(), timezone: args.timezone.clone() };
    let import = celery::Import { options: &options, now: Timestamp::from(Utc::now()) };
    let mut translation = Translation::default();
    for input in args.files.read()? {
        import.add(&mut translation, &input.name, input.text()?);
    }
    args.files.deliver(&CELERY, &translation, global).await
}

pub async fn airflow(args: AirflowArgs, global: &Global) -> Outcome {
    let options = airflow::Options { prefix: args.files.prefix.clone() };
    let import = airflow::Import { options: &options, now: Timestamp::from(Utc::now()) };
    let mut translation = Translation::default();
    for input in args.files.read()? {
        import.add(&mut translation, &input.name, input.text()?);
    }
    args.files.deliver(&AIRFLOW, &translation, global).await
}
