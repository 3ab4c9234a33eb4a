//! Which devices there are to generate on.

use std::fmt;

use models::Device;

/// More GPUs than a machine has.
const MOST_GPUS: usize = 64;

/// Which devices are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Devices {
    /// Every GPU there is, and the CPU where there is none.
    #[default]
    All,
    /// GPUs by number.
    Gpus(Vec<usize>),
    /// The CPU: for trying things out, a candidate takes it an hour.
    Cpu,
}

impl Devices {
    /// The first of them, where the judge's networks are too; the CPU where it cannot be opened.
    #[must_use]
    pub fn first(&self) -> Device {
        let number = match self {
            Self::All => return models::device(),
            Self::Cpu => None,
            Self::Gpus(numbers) => numbers.first(),
        };
        let opened = number.map(|number| Place::Gpu(*number).open());
        opened.and_then(Result::ok).unwrap_or(Device::Cpu)
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("all"),
            Self::Gpus(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
                formatter.write_str(&numbers.join(","))
            }
            Self::Cpu => formatter.write_str("cpu"),
        }
    }
}

/// One device, not yet opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A GPU of the kind this build knows.
    Gpu(usize),
    /// The CPU.
    Cpu,
}

impl Place {
    /// The places `devices` means. Of all GPUs, those that can be opened.
    #[must_use]
    pub fn of(devices: &Devices) -> Vec<Self> {
        match devices {
            Devices::Gpus(numbers) => numbers.iter().copied().map(Self::Gpu).collect(),
            Devices::Cpu => vec![Self::Cpu],
            Devices::All => {
                let gpus = (0..MOST_GPUS).map(Self::Gpu);
                let found: Vec<Self> = gpus.take_while(|gpu| gpu.open().is_ok()).collect();
                if found.is_empty() {
                    vec![Self::Cpu]
                } else {
                    found
                }
            }
        }
    }

    /// The device.
    ///
    /// # Errors
    /// Why it cannot be opened, in words.
    pub fn open(self) -> Result<Device, String> {
        let opened = match self {
            Self::Cpu => return Ok(Device::Cpu),
            Self::Gpu(number) => models::gpu(number),
        };
        opened.map_err(|error| {
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        })
    }

    /// What people call it: `cuda:0`, `cpu`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Cpu => "cpu".to_owned(),
            Self::Gpu(number) => format!("{}:{number}", models::GPU_KIND.unwrap_or("gpu")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_is_tried() {
        assert_eq!(Place::of(&Devices::Cpu), [Place::Cpu]);
        let two = Devices::Gpus(vec![2, 0]);
        assert_eq!(Place::of(&two), [Place::Gpu(2), Place::Gpu(0)]);
        assert_eq!(two.to_string(), "2,0");
        assert!(!Place::of(&Devices::All).is_empty());
        assert!(Devices::Cpu.first().is_cpu());
        // None has so many.
        assert!(Devices::Gpus(vec![900, 0]).first().is_cpu());
    }

    #[test]
    fn a_build_without_gpus_says_so() {
        if models::GPU_KIND.is_some() {
            return;
        }
        let reason = Place::Gpu(0).open().expect_err("none");
        assert!(reason.contains("--features cuda"), "{reason}");
        assert_eq!(Place::of(&Devices::All), [Place::Cpu]);
    }
}
