//! A plan for people.

use std::fmt;

use super::choose::{Plan, Stay, gigabytes};
use super::parts::{Part, Stage};

impl Plan {
    /// One line: what does not stay.
    #[must_use]
    pub fn moves(&self) -> String {
        let moving = self.rows.iter().filter(|row| row.stay != Stay::Resident);
        let moving: Vec<String> = moving
            .map(|row| format!("{} {}", row.need.part, row.stay.name()))
            .collect();
        if moving.is_empty() {
            return "everything stays on the device".to_owned();
        }
        moving.join(", ")
    }
}

impl Plan {
    /// The whole table, with what `remark` says of a part behind it.
    #[must_use]
    pub fn with_remarks<'a>(&'a self, remark: impl Fn(Part) -> Option<&'a str>) -> String {
        let mut table = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut table, &remark);
        table
    }

    fn write<'a>(
        &'a self,
        formatter: &mut dyn fmt::Write,
        remark: &dyn Fn(Part) -> Option<&'a str>,
    ) -> fmt::Result {
        if let Some(variant) = &self.variant {
            writeln!(formatter, "{:<27}{variant}", "painter's files")?;
        }
        for row in &self.rows {
            let (part, size) = (row.need.part.name(), gigabytes(row.need.bytes));
            write!(formatter, "{part:<27}{size:>9}  {}", row.stay.name())?;
            match remark(row.need.part) {
                Some(remark) => writeln!(formatter, ", {remark}")?,
                None => writeln!(formatter)?,
            }
        }
        for stage in Stage::ALL {
            if let Some(needed) = self.needed_in(stage) {
                let when = format!("while {}", stage.name());
                writeln!(formatter, "{when:<27}{:>9}", gigabytes(needed))?;
            }
        }
        let (peak, budget) = (gigabytes(self.peak()), gigabytes(self.budget.bytes));
        write!(formatter, "{:<27}{peak:>9}  of {budget}", "most at once")
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, &|_| None)
    }
}
