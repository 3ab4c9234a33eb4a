//! An inspection for people to read.

use std::fmt;

use super::Inspection;

impl fmt::Display for Inspection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(out, "splats", &self.count)?;
        row(out, "harmonics", &format_args!("degree {}", self.sh_degree))?;
        if let Some(bounds) = &self.bounds {
            let [x, y, z] = bounds.sides();
            let [cx, cy, cz] = bounds.centre();
            row(out, "box", &format_args!("{x:.4} × {y:.4} × {z:.4}"))?;
            row(out, "centre", &format_args!("({cx:.4}, {cy:.4}, {cz:.4})"))?;
        }
        if let Some(opacity) = &self.opacity {
            let spread = format_args!(
                "min {:.4}  median {:.4}  mean {:.4}  max {:.4}",
                opacity.min, opacity.median, opacity.mean, opacity.max
            );
            row(out, "opacity", &spread)?;
            let share = opacity.transparent_share * 100.0;
            row(out, "transparent", &format_args!("{share:.1} %"))?;
            row(
                out,
                "logit spread",
                &format_args!("{:.4}", opacity.logit_std),
            )?;
        }
        if let Some(scale) = &self.scale {
            let spread = format_args!(
                "min {:.2e}  median {:.2e}  mean {:.2e}  max {:.2e}",
                scale.min, scale.median, scale.mean, scale.max
            );
            row(out, "scale", &spread)?;
        }
        if self.defects.is_empty() {
            return write!(out, "{:<14}none", "defects");
        }
        write!(out, "defects")?;
        for defect in &self.defects {
            write!(
                out,
                "\n  {:<8} {:<20} {}",
                defect.severity, defect.name, defect.detail
            )?;
        }
        Ok(())
    }
}

fn row(out: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display) -> fmt::Result {
    writeln!(out, "{name:<14}{value}")
}
