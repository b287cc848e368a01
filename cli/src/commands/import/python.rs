//! Import of schedules from Python files: Celery beat's and Airflow's.

use belfry_domain::Timestamp;
use chrono::Utc;
use clap::Args;

use super::{Conversion, Global, Kind, Outcome};
use crate::import::{Translation, airflow, celery};

const CELERY: Kind = Kind {
    name: "celery",
    plural: "files",
    remark: "a job puts the task into Celery's queue; what becomes of the task is Celery's",
};
const AIRFLOW: Kind =
    Kind { name: "airflow", plural: "files", remark: "a job triggers the DAG; its tasks stay Airflow's" };

/// Turn Celery beat's schedule into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry import celery proj/celery.py --app proj --output jobs.yaml

The file is read, never run. Entries of beat_schedule that are written out become jobs, each a `celery call`
of the task; what is computed is in the report, with its line.")]
pub struct CeleryArgs {
    #[command(flatten)]
    files: Conversion,
    /// The application, as `celery --app` takes it
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The zone of the schedules; what the file says, or UTC, by default
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
}

/// Turn the schedules of Airflow's DAGs into jobs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry import airflow dags --output jobs.yaml

The files are read, never run. A DAG whose schedule is written out becomes a job that triggers it; what is
computed is in the report, with its line. Give such a DAG schedule=None, or it runs twice.")]
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
