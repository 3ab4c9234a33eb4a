//! `splatsmith models categories`: how each category of prompts is made.

use std::collections::BTreeMap;

use ::generate::categories::Category;

use crate::args::CategoriesArgs;
use crate::config::{Problems, categories};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// Prints the whole table on stdout, to be kept and changed.
pub(crate) fn run(args: &CategoriesArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let table = categories(args.categories.as_deref(), &mut problems);
    let table = problems.or(table)?;
    if args.json {
        let settings = Category::ALL.map(|category| (category.name(), table.settings(category)));
        console.json(&BTreeMap::from(settings))?;
    } else {
        console.document(&table.to_string())?;
    }
    Ok(Outcome::Pass)
}
